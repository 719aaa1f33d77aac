// The API, version 1 (docs/openapi.yaml): a table of routes and what answers them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/async.h"
#include "net/worker.h"
#include "store/reader.h"
#include "store/requests.h"
#include "web/board.h"
#include "web/events.h"
#include "web/json.h"
#include "web/monitor.h"
#include "web/router.h"

namespace tocsin::web {

struct OpenAlert;

/// On the loop's thread only.
class Api {
 public:
  /// What outlives it.
  struct Deps {
    Monitor& monitor;
    const Board& board;
    Events& events;
    store::Requests& requests;
    net::Worker& worker;  ///< the store's one thread
    /// On the thread of `reading` only. Null: the store cannot be read beside it, or not yet.
    const std::unique_ptr<store::Reader>& reader;
    net::Worker& reading;
    const Clock& clock;
  };
  explicit Api(Deps deps) : deps_(deps) {}

  /// The router must not outlive it.
  void add_to(Router& router);

 private:
  using Coroutine = net::awaitable<Answer>;

  // State (api_state.cpp).
  Answer get_session(const Call& call) const;
  Answer get_status(const Call& call) const;
  Coroutine get_counts(const Call& call) const;
  Coroutine get_overview(const Call& call);
  Answer list_hosts(const Call& call) const;
  Answer get_host(const Call& call) const;
  Coroutine list_services(const Call& call) const;
  Coroutine check_host(const Call& call) const;
  Coroutine diagnose_host(const Call& call) const;
  Coroutine control_service(const Call& call) const;
  Answer listen(const Call& call) const;

  // Alerts (api_alerts.cpp).
  Coroutine list_alerts(const Call& call) const;
  Coroutine list_acks(const Call& call) const;
  Coroutine acknowledge(const Call& call) const;
  Coroutine take_back_ack(const Call& call) const;
  /// Looks for their ids. Where the history cannot be read they have none.
  [[nodiscard]] net::awaitable<std::vector<OpenAlert>> with_ids(
      std::vector<OpenAlert> alerts) const;

  // Silences (api_silences.cpp).
  Coroutine list_silences(const Call& call) const;
  Coroutine create_silence(const Call& call);
  Coroutine preview_silence(const Call& call) const;
  Coroutine extend_silence(const Call& call) const;
  Coroutine end_silence(const Call& call) const;
  [[nodiscard]] net::awaitable<Result<std::optional<Silence>>> find_silence(std::int64_t id) const;

  // What happened (api_history.cpp).
  Coroutine get_timeline(const Call& call) const;
  Coroutine list_history(const Call& call) const;
  Coroutine get_alert(const Call& call) const;
  Coroutine list_actions(const Call& call) const;
  [[nodiscard]] json to_json(const Action& action) const;
  [[nodiscard]] Actor actor(const Call& call) const {
    return {.name = call.visitor.name, .at = deps_.clock.now()};
  }
  /// What was done: to the log, and to who listens.
  void note(const Call& call, std::string_view what) const;
  /// For what leaves no request in the store. Where the store takes nothing, the log has it.
  net::awaitable<void> keep(Action action) const;

  // Deliveries (api_deliveries.cpp).
  Coroutine list_deliveries(const Call& call) const;
  Coroutine retry_delivery(const Call& call) const;
  Coroutine list_destinations(const Call& call) const;
  Coroutine retry_destination(const Call& call) const;
  [[nodiscard]] std::string name_of(const std::string& destination) const;
  [[nodiscard]] json to_json(const store::DeliveryRecord& record) const;

  /// What the reader answers, asked on its thread.
  template <typename F, typename T = std::invoke_result_t<F, store::Reader&>>
  [[nodiscard]] net::awaitable<T> read(F query) const {
    co_return co_await deps_.reading.run([&]() -> T {
      if (!deps_.reader) return fail(ErrorKind::storage, "the history cannot be read now");
      return query(*deps_.reader);
    });
  }

  // Configuration (api_configuration.cpp).
  Answer list_routes(const Call& call) const;
  Coroutine get_configuration(const Call& call) const;
  Coroutine reload(const Call& call) const;
  Coroutine test_destination(const Call& call) const;

  Deps deps_;
  /// The overview as it was last asked for, packed, while nothing of it has changed.
  struct PackedOverview {
    std::uint64_t changes = 0;
    Time at{};
    std::string text;
  };
  PackedOverview overview_;
  /// A silence by the Idempotency-Key that it was made with.
  struct Made {
    std::string key;
    std::optional<std::int64_t> id{};  ///< nothing: it is being made
  };
  std::vector<Made> made_;  ///< the latest of this run
};

/// An alert that fires, and what is known of it now.
struct OpenAlert {
  std::string id{};  ///< its place in the history; empty: not looked for, or not kept
  HostName host;
  ServiceName service;
  std::string display_name;
  std::string friendly_name;
  About about = About::service;
  ServiceState state = ServiceState::unknown;
  TransitionKind kind{};
  AlertSeverity severity = AlertSeverity::critical;
  Time since{};
  std::string reason;
  std::string suppressed;

  /// Null: nobody has acknowledged it.
  [[nodiscard]] const Ack* find_ack(const std::vector<Ack>& acks) const;
  [[nodiscard]] json to_json(const std::vector<Ack>& acks) const;
};

/// Those of the host and its services.
[[nodiscard]] std::vector<OpenAlert> open_alerts(const Monitor& monitor, const MonitoredHost& host);
/// All, the worst first and then the latest.
[[nodiscard]] std::vector<OpenAlert> open_alerts(const Monitor& monitor, const Board& board);

/// A store that fails is no fault of the request.
[[nodiscard]] Response store_failed(const Error& error);

}  // namespace tocsin::web
