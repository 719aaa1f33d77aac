// Pretend Windows hosts on real sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "base/random.h"
#include "net/task_scope.h"
#include "net/tcp.h"
#include "simulate/host_model.h"
#include "simulate/script.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/dialect.h"

namespace tocsin::simulate {

/// How many hosts tell themselves apart.
enum class Spread : std::uint8_t {
  ports,      ///< one address; successive ports, or ports that the system chooses
  addresses,  ///< one port; successive addresses, as 127.0.0.1, 127.0.0.2, ...
};

/// How a login on one of the hosts ended.
struct FleetLogon {
  std::string host;
  ntlm::Logon logon;
};
struct LogonCounts {
  std::size_t accepted = 0;
  std::size_t refused = 0;
};

struct FleetOptions {
  std::size_t hosts = 1;
  /// Hosts are called by it and a number from 1 on; a single one by it alone.
  std::string name = "qs-node";
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: the system chooses
  Spread spread = Spread::ports;
  std::size_t services = 250;
  std::string user = "monitor";  ///< may log in everywhere
  Secret password{"tocsin"};
  std::vector<smb2::Dialect> dialects{smb2::Dialect::smb2_1, smb2::Dialect::smb3_0,
                                      smb2::Dialect::smb3_0_2, smb2::Dialect::smb3_1_1};
  bool encryption = true;          ///< offered to clients
  bool demand_encryption = false;  ///< and nothing else accepted
  Duration pending{};              ///< how long services take to start, stop, pause
  bool old = false;                ///< as HostModel::Options
  Push push = Push::multiplexed;
  bool controllable = true;   ///< clients may start, stop and pause services
  std::vector<Event> script;  ///< by time
  double random_changes = 0;  ///< per second, in the whole fleet
  std::uint64_t seed = 1;     ///< of the random changes
  /// Is called at every change that script and chance make.
  std::function<void(std::string_view)> on_change = [](std::string_view) {};
  /// Is called at every login, also of the ones that renew a session.
  std::function<void(const FleetLogon&)> on_logon = [](const FleetLogon&) {};
};

class Fleet {
 public:
  /// `clock` outlives this; this outlives the tasks of the scope that start() is given.
  Fleet(FleetOptions options, const Clock& clock, RandomFill random);
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Listens, and serves until the scope is cancelled. unreachable: a port is taken or an address
  /// is not ours. not_found: the script has an event for a host that there is not.
  Result<> start(net::TaskScope& scope, const net::Executor& executor);

  struct Endpoint {
    std::string host;
    std::string address;
    std::uint16_t port = 0;
  };
  /// In the order of their numbers; the ports are known after start().
  [[nodiscard]] std::vector<Endpoint> endpoints() const;
  /// Null when there is no such host.
  [[nodiscard]] HostModel* find(std::string_view host);
  /// Whether a host is called so; `pattern` with * and ?.
  [[nodiscard]] bool has(std::string_view pattern) const;
  /// Of all hosts together.
  [[nodiscard]] LogonCounts logons() const;
  /// Of one host; zeros when there is no such host.
  [[nodiscard]] LogonCounts logons(std::string_view host) const;
  /// Now, whatever its time says. not_found, rejected: the first host for which it failed.
  Result<> apply(const Event& event);

 private:
  struct Host;
  net::awaitable<void> accept(Host& host, std::shared_ptr<net::TcpListener> listener);
  net::awaitable<void> serve(Host& host, net::TcpStream stream);
  net::awaitable<void> play_script();
  net::awaitable<void> change_at_random();
  Result<> happen(Host& host, const ServiceEvent& what);
  Result<> happen(Host& host, ManagerAccess what);
  Result<> happen(Host& host, Reachability what);
  Result<> happen(Host& host, const Behaviour& what);
  Result<> happen(Host& host, const Reboot& how);
  Result<> happen(Host& host, const Failover& how);
  Result<> happen(Host& host, const Flap& how);
  Result<> happen(Host& host, const PasswordChange& what);
  Result<> happen(Host& host, const LogonRefusal& what);
  Result<> happen(Host& host, const Disconnect& what);
  Result<> happen(Host& host, Push what);
  void count(Host& host, const ntlm::Logon& logon);
  /// Lets what a client waits for happen at its time.
  void attend(Host& host);
  net::awaitable<void> reboot(Host& host, Duration over);
  net::awaitable<void> start_later(HostModel& host, ServiceName service);
  net::awaitable<void> flap(HostModel& host, Flap how);
  /// As part of something longer: it is reported, and so is what went wrong.
  void change(HostModel& host, Action action, const ServiceName& service);
  void take_down(Host& host);
  Result<> listen(Host& host);
  void set_behaviour(Host& host, Behaviour behaviour);
  static void hang_up(Host& host);

  FleetOptions options_;
  const Clock& clock_;
  RandomFill random_;
  std::vector<std::unique_ptr<Host>> hosts_;
  net::TaskScope* scope_ = nullptr;
  net::Executor executor_;
};

}  // namespace tocsin::simulate
