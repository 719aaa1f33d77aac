#include "net/resolver.h"

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/event.h"
#include "net/failure.h"
#include "net/thread_pool.h"

namespace tocsin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

namespace {

/// For a name that was never asked for: two name servers that do not answer cost 5 s each.
constexpr auto kFirstPatience = 15s;
constexpr auto kPatience = 1s;
/// A name server that says "no such name" may speak of a zone that is being changed, and Windows
/// says it when none answers.
constexpr auto kOutlivesName = 1h;

}  // namespace

std::optional<std::string> as_address(const std::string& text) {
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  boost::system::error_code no_address;
  const auto address =
      asio::ip::make_address(brackets ? text.substr(1, text.size() - 2) : text, no_address);
  if (no_address) return std::nullopt;
  return address.to_string();
}

std::string own_host_name() {
  boost::system::error_code nameless;
  return asio::ip::host_name(nameless);
}

Result<Addresses> resolve_now(const std::string& name) {
  Addresses addresses;
  boost::system::error_code error;
  asio::io_context blocking;  // never runs
  tcp::resolver resolver(blocking);
  for (const auto& entry : resolver.resolve(name, "", error))
    addresses.push_back(entry.endpoint().address().to_string());
  if (!error && addresses.empty()) error = asio::error::no_data;
  if (error) return std::unexpected(describe_failure(error, Expired::no, {}, name));
  return addresses;
}

void NameQuery::begin() {
  const std::lock_guard lock(mutex_);
  stage_ = Stage::asked;
}

void NameQuery::end(Result<Addresses> answer) {
  {
    const std::lock_guard lock(mutex_);
    stage_ = Stage::ended;
    answer_ = std::move(answer);
  }
  ended_.send();
}

NameQuery::Stage NameQuery::stage() const {
  const std::lock_guard lock(mutex_);
  return stage_;
}

Result<Addresses> NameQuery::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answer_, std::nullopt).value();
}

namespace {

class SystemNames final : public NameService {
 public:
  explicit SystemNames(std::size_t most)
      : first_("resolver", most), again_("resolver 2", most / 2 + 1) {}
  ~SystemNames() override {
    for (const auto& [name, asked] : asked_) asked.of->abandon(asked.ticket);
  }
  SystemNames(const SystemNames&) = delete;
  SystemNames& operator=(const SystemNames&) = delete;

  void begin(std::shared_ptr<NameQuery> lookup) override {
    auto& threads = lookup->before() == NameQuery::Before::unanswered ? again_ : first_;
    try {
      asked_[lookup->name()] = {&threads, threads.submit([lookup] {
                                  lookup->begin();
                                  lookup->end(resolve_now(lookup->name()));
                                })};
    } catch (const std::system_error&) {
      lookup->begin();
      lookup->end(fail(ErrorKind::exhausted,
                       lookup->name() + ": not looked up, this machine lacks threads for it"));
    }
  }

 private:
  struct Asked {
    ThreadPool* of;
    ThreadPool::Ticket ticket;
  };
  ThreadPool first_;
  ThreadPool again_;
  std::map<std::string, Asked> asked_;  ///< the last question for each name
};

}  // namespace

std::unique_ptr<NameService> system_names(std::size_t most) {
  return std::make_unique<SystemNames>(most);
}

/// What is known of a name.
struct Resolver::Name {
  std::shared_ptr<NameQuery> lookup;  ///< the question without an answer
  std::shared_ptr<Signal> ended;      ///< its end
  Addresses addresses;                ///< the last good answer
  MonotonicClock::time_point found_at{};
  std::optional<Error> failure;  ///< of the last question

  [[nodiscard]] bool is_new() const { return addresses.empty() && !failure; }

  void take_answer() {
    if (!lookup || lookup->stage() != NameQuery::Stage::ended) return;
    auto answer = std::exchange(lookup, nullptr)->take();
    const auto now = MonotonicClock::now();
    if (answer) {
      addresses = *std::move(answer);
      found_at = now;
      failure.reset();
      return;
    }
    failure = std::move(answer).error();
    if (failure->kind == ErrorKind::not_found && now - found_at > kOutlivesName) addresses.clear();
  }

  [[nodiscard]] NameQuery::Before before() const {
    if (is_new()) return NameQuery::Before::unknown;
    const bool unanswered = failure && failure->kind != ErrorKind::not_found;
    return unanswered ? NameQuery::Before::unanswered : NameQuery::Before::answered;
  }
};

Resolver::Resolver(Executor executor, std::unique_ptr<NameService> service)
    : executor_(std::move(executor)), service_(std::move(service)) {}
Resolver::~Resolver() = default;

Resolver::Name& Resolver::ask(const std::string& name) {
  auto& known = names_[name];
  if (!known) known = std::make_unique<Name>();
  known->take_answer();
  if (!known->lookup) {
    known->ended = std::make_shared<Signal>(executor_);
    known->lookup = std::make_shared<NameQuery>(name, known->before(), known->ended->sender());
    service_->begin(known->lookup);
  }
  return *known;
}

awaitable<Result<Resolver::Answer>> Resolver::resolve(std::string name, Deadline deadline) {
  auto& known = ask(name);
  const auto lookup = known.lookup;
  const auto ended = known.ended;
  const auto begun = MonotonicClock::now();
  const auto patience = known.is_new() ? kFirstPatience : kPatience;
  co_await ended->event().wait_until(std::min(deadline, within(patience)));
  known.take_answer();
  const bool answered = known.lookup != lookup && !known.failure;
  if (!known.addresses.empty())
    co_return Answer{.addresses = known.addresses, .remembered = !answered};
  if (known.failure) co_return std::unexpected(*known.failure);
  if (lookup->stage() == NameQuery::Stage::queued && MonotonicClock::now() >= begun + kPatience)
    co_return fail(ErrorKind::exhausted,
                   name + ": not looked up yet: the name servers leave too many other names open");
  co_return fail(ErrorKind::timed_out, name + ": the name servers do not answer");
}

}  // namespace tocsin::net
