// A Windows that does what a test says: the seam of probe/scm without Windows behind it.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "probe/scm/system.h"

namespace tocsin::probe::scm {

/// One machine's services, and how its manager behaves. Under `mutex` while threads run.
struct PretendMachine {
  struct Service {
    svcctl::ServiceStatusProcess status;
    Configuration configuration;
    bool listed = true;
    std::uint32_t error = 0;  ///< of every question about it alone
    std::uint32_t refused_rights = 0;
    std::uint32_t start_error = 0;
    std::vector<std::string> dependents{};
  };
  std::mutex mutex;
  std::map<std::string, Service> services;
  std::uint32_t open_error = 0;
  std::uint32_t list_error = 0;
  std::optional<std::unordered_set<std::uint32_t>> processes;
  std::vector<std::string> calls;
  std::function<void()> before_list;  ///< this and the next two may hang
  std::function<void()> before_configuration;
  std::function<void()> before_processes;

  void set(const std::string& name, std::uint32_t state, std::uint32_t process = 0) {
    const std::lock_guard lock(mutex);
    auto& service = services[name];
    service.status.current_state = state;
    service.status.process_id = process;
    service.configuration.display_name = name + " display";
    service.configuration.start_type = svcctl::kAutoStart;
    service.configuration.type = svcctl::kWin32OwnProcess | svcctl::kInteractiveProcess;
  }
};

class PretendService final : public ControlledService {
 public:
  PretendService(std::shared_ptr<PretendMachine> of, std::string name)
      : machine_(std::move(of)), name_(std::move(name)) {}
  ~PretendService() override { note("close"); }
  PretendService(const PretendService&) = delete;
  PretendService& operator=(const PretendService&) = delete;

  std::uint32_t start() override {
    note("start");
    const std::lock_guard lock(machine_->mutex);
    auto& service = machine_->services[name_];
    if (service.start_error == 0) service.status.current_state = svcctl::kRunning;
    return service.start_error;
  }
  std::uint32_t control(std::uint32_t control) override {
    note("control " + std::to_string(control));
    const std::lock_guard lock(machine_->mutex);
    machine_->services[name_].status.current_state =
        control == svcctl::kStop ? svcctl::kStopped : svcctl::kRunning;
    return 0;
  }
  Win32Result<std::vector<std::string>> dependents() override {
    const std::lock_guard lock(machine_->mutex);
    return machine_->services[name_].dependents;
  }

 private:
  void note(const std::string& what) {
    const std::lock_guard lock(machine_->mutex);
    machine_->calls.push_back(what + (" " + name_));
  }

  std::shared_ptr<PretendMachine> machine_;
  std::string name_;
};

class PretendManager final : public Manager {
 public:
  explicit PretendManager(std::shared_ptr<PretendMachine> of) : machine_(std::move(of)) {}

  Win32Result<std::vector<ListedService>> enumerate() override {
    std::function<void()> before;
    {
      const std::lock_guard lock(machine_->mutex);
      before = machine_->before_list;
    }
    if (before) before();
    const std::lock_guard lock(machine_->mutex);
    machine_->calls.push_back("list");
    if (machine_->list_error != 0) return std::unexpected(machine_->list_error);
    std::vector<ListedService> list;
    for (const auto& [name, service] : machine_->services)
      if (service.listed) list.push_back({name, name + " display", service.status});
    return list;
  }
  Win32Result<svcctl::ServiceStatusProcess> query_status(const std::string& name) override {
    const auto service = find(name, "status");
    if (!service) return std::unexpected(service.error());
    return service->status;
  }
  Win32Result<Configuration> query_configuration(const std::string& name) override {
    std::function<void()> before;
    {
      const std::lock_guard lock(machine_->mutex);
      before = machine_->before_configuration;
    }
    if (before) before();
    const auto service = find(name, "configuration");
    if (!service) return std::unexpected(service.error());
    return service->configuration;
  }
  Win32Result<std::unique_ptr<ControlledService>> open(const std::string& name,
                                                       std::uint32_t rights) override {
    const auto service = find(name, "open");
    if (!service) return std::unexpected(service.error());
    if ((service->refused_rights & rights) != 0)
      return std::unexpected(std::uint32_t{svcctl::kAccessDenied});
    return std::make_unique<PretendService>(machine_, name);
  }

 private:
  Win32Result<PretendMachine::Service> find(const std::string& name, const char* what) {
    const std::lock_guard lock(machine_->mutex);
    machine_->calls.push_back(what + (" " + name));
    const auto found = machine_->services.find(name);
    if (found == machine_->services.end())
      return std::unexpected(std::uint32_t{svcctl::kServiceDoesNotExist});
    if (found->second.error != 0) return std::unexpected(found->second.error);
    return found->second;
  }

  std::shared_ptr<PretendMachine> machine_;
};

/// What a listener asks for, and what it is given.
struct PretendFeed {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> calls;  ///< "open", "arm Spooler 7b", "close Spooler", "list", "shut"
  std::deque<Feed::Notification> due;
  std::map<std::string, std::uint32_t> arm_errors;
  std::uint32_t open_error = 0;
  std::uint32_t list_error = 0;
  bool awake = false;

  void fire(Feed::Notification notification) {
    const std::lock_guard lock(mutex);
    due.push_back(std::move(notification));
    changed.notify_all();
  }
  /// Waits until the call was made so often, at most for a minute.
  bool saw(const std::string& call, std::ptrdiff_t times = 1) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::minutes(1),
                            [&] { return std::ranges::count(calls, call) >= times; });
  }
  bool has(const std::string& call, std::ptrdiff_t times) {
    const std::lock_guard lock(mutex);
    return std::ranges::count(calls, call) >= times;
  }
  void note(std::string call) {
    const std::lock_guard lock(mutex);
    calls.push_back(std::move(call));
    changed.notify_all();
  }
};

class PretendFeedEnd final : public Feed {
 public:
  explicit PretendFeedEnd(std::shared_ptr<PretendFeed> feed) : feed_(std::move(feed)) {}
  std::uint32_t open() override {
    feed_->note("open");
    const std::lock_guard lock(feed_->mutex);
    return feed_->open_error;
  }
  void shut() override { feed_->note("shut"); }
  std::uint32_t arm(const std::string& service, std::uint32_t mask) override {
    // The answer first: who has seen the call may change what the next one is answered.
    const auto answer = [&] {
      const std::lock_guard lock(feed_->mutex);
      const auto error = feed_->arm_errors.find(service);
      return error == feed_->arm_errors.end() ? 0 : error->second;
    }();
    feed_->note("arm " + service + " " + std::to_string(mask));
    return answer;
  }
  void close(const std::string& service) override { feed_->note("close " + service); }
  std::uint32_t arm_list() override {
    feed_->note("list");
    const std::lock_guard lock(feed_->mutex);
    return feed_->list_error;
  }
  std::vector<Notification> wait() override {
    std::unique_lock lock(feed_->mutex);
    feed_->changed.wait(lock, [this] { return feed_->awake || !feed_->due.empty(); });
    feed_->awake = false;
    std::vector<Notification> all(feed_->due.begin(), feed_->due.end());
    feed_->due.clear();
    return all;
  }
  void wake() override {
    const std::lock_guard lock(feed_->mutex);
    feed_->awake = true;
    feed_->changed.notify_all();
  }

 private:
  std::shared_ptr<PretendFeed> feed_;
};

class PretendSystem final : public System {
 public:
  Win32Result<std::unique_ptr<Manager>> open_manager(const std::string& name) override {
    opened.push_back(name);
    const std::lock_guard lock(machine->mutex);
    machine->calls.emplace_back("open");
    if (machine->open_error != 0) return std::unexpected(machine->open_error);
    return std::make_unique<PretendManager>(machine);
  }
  std::unique_ptr<Feed> make_feed(const std::string& /*machine*/) override {
    return std::make_unique<PretendFeedEnd>(feed);
  }
  std::vector<std::string> own_names() override { return {"NODE1", "node1.corp.example"}; }
  std::chrono::milliseconds uptime() override { return up; }
  std::optional<std::unordered_set<std::uint32_t>> processes() override {
    if (machine->before_processes) machine->before_processes();
    const std::lock_guard lock(machine->mutex);
    return machine->processes;
  }

  std::shared_ptr<PretendMachine> machine = std::make_shared<PretendMachine>();
  std::shared_ptr<PretendFeed> feed = std::make_shared<PretendFeed>();
  std::vector<std::string> opened;
  std::chrono::milliseconds up = std::chrono::hours(1);
};

}  // namespace tocsin::probe::scm
