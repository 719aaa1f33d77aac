#include "web/api.h"

#include <functional>

namespace tocsin::web {
namespace {

/// A handler that does not wait.
Handler at_once(std::function<Answer(const Call&)> handler) {
  return [handler = std::move(handler)](const Call& call) -> net::awaitable<Answer> {
    co_return handler(call);
  };
}

}  // namespace

void Api::add_to(Router& router) {
  const auto of = [this](auto handler) { return std::bind_front(handler, this); };
  const auto now = [&of](auto handler) { return at_once(of(handler)); };
  using enum Method;
  using enum Role;
  router.add({get, "/api/v1/session", read, now(&Api::get_session)});
  router.add({get, "/api/v1/status", read, now(&Api::get_status)});
  router.add({get, "/api/v1/counts", read, of(&Api::get_counts)});
  router.add({get, "/api/v1/overview", read, of(&Api::get_overview)});
  router.add({get, "/api/v1/hosts", read, now(&Api::list_hosts)});
  router.add({get, "/api/v1/hosts/{host}", read, now(&Api::get_host)});
  router.add({get, "/api/v1/hosts/{host}/services", read, of(&Api::list_services)});
  router.add({get, "/api/v1/hosts/{host}/timeline", read, of(&Api::get_timeline)});
  router.add({post, "/api/v1/hosts/{host}/check", act, of(&Api::check_host)});
  router.add({post, "/api/v1/hosts/{host}/diagnosis", act, of(&Api::diagnose_host)});
  router.add(
      {post, "/api/v1/hosts/{host}/services/{service}/control", act, of(&Api::control_service)});
  router.add({get, "/api/v1/events", read, now(&Api::listen)});
  router.add({get, "/api/v1/alerts", read, of(&Api::list_alerts)});
  router.add({get, "/api/v1/acknowledgements", read, of(&Api::list_acks)});
  router.add({post, "/api/v1/acknowledgements", act, of(&Api::acknowledge)});
  router.add({remove, "/api/v1/acknowledgements/{acknowledgement}", act, of(&Api::take_back_ack)});
  router.add({get, "/api/v1/silences", read, of(&Api::list_silences)});
  router.add({post, "/api/v1/silences", act, of(&Api::create_silence)});
  router.add({get, "/api/v1/silences/preview", read, of(&Api::preview_silence)});
  router.add({patch, "/api/v1/silences/{silence}", act, of(&Api::extend_silence)});
  router.add({remove, "/api/v1/silences/{silence}", act, of(&Api::end_silence)});
  router.add({get, "/api/v1/routes", read, now(&Api::list_routes)});
  router.add({get, "/api/v1/configuration", read, of(&Api::get_configuration)});
  router.add({post, "/api/v1/configuration/reload", act, of(&Api::reload)});
  router.add({get, "/api/v1/history", read, of(&Api::list_history)});
  router.add({get, "/api/v1/history/{alert}", read, of(&Api::get_alert)});
  router.add({get, "/api/v1/actions", read, of(&Api::list_actions)});
  router.add({get, "/api/v1/deliveries", read, of(&Api::list_deliveries)});
  router.add({post, "/api/v1/deliveries/{delivery}/retry", act, of(&Api::retry_delivery)});
  router.add({get, "/api/v1/destinations", read, of(&Api::list_destinations)});
  router.add({post, "/api/v1/destinations/{destination}/retry", act, of(&Api::retry_destination)});
  router.add({post, "/api/v1/destinations/{destination}/test", act, of(&Api::test_destination)});
}

void Api::note(const Call& call, std::string_view what) const {
  deps_.monitor.note(call.visitor.name, what);
  deps_.events.add(Change::action);
}

Response store_failed(const Error& error) { return problem(503, error.what); }

}  // namespace tocsin::web
