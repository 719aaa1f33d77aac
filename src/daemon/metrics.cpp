#include "daemon/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/error.h"

namespace tocsin::daemon {
namespace {

prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, const char* name,
                                                 const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Family<prometheus::Gauge>& gauge(prometheus::Registry& registry, const char* name,
                                             const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& checks =
      counter(registry, "tocsin_checks_total",
              "Checks of a host by outcome: ok, or the reason why it was not reached.");
  prometheus::Family<prometheus::Gauge>& check_seconds =
      gauge(registry, "tocsin_check_seconds", "Duration of the last check of a host.");
  prometheus::Family<prometheus::Gauge>& host_reached =
      gauge(registry, "tocsin_host_reached", "1 if the last check reached the host, 0 if not.");
  prometheus::Family<prometheus::Counter>& pushed =
      counter(registry, "tocsin_heard_total", "Service states that a host pushed between checks.");
  prometheus::Family<prometheus::Counter>& reported =
      counter(registry, "tocsin_reported_total",
              "Service states that a destination of the status stream accepted.");
  prometheus::Family<prometheus::Counter>& unreported =
      counter(registry, "tocsin_unreported_total",
              "Service states that a destination of the status stream refused, or that waited too "
              "long for it.");
  prometheus::Gauge& stuck_threads =
      gauge(registry, "tocsin_stuck_threads", "Threads waiting for a host that hangs.").Add({});
  prometheus::Gauge& lost_log_lines =
      gauge(registry, "tocsin_lost_log_lines", "Log lines that could not be written.").Add({});
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::count_check(const HostName& host, std::string_view outcome,
                          std::chrono::duration<double> took) {
  const prometheus::Labels labels{{"host", host.text()}};
  families_->checks.Add({{"host", host.text()}, {"outcome", std::string(outcome)}}).Increment();
  families_->check_seconds.Add(labels).Set(took.count());
  if (outcome != to_string(ErrorKind::exhausted))  // which says nothing of the host
    families_->host_reached.Add(labels).Set(outcome == "ok" ? 1 : 0);
}

void Metrics::count_pushed(const HostName& host, std::size_t services) {
  families_->pushed.Add({{"host", host.text()}}).Increment(static_cast<double>(services));
}

void Metrics::set_stuck_threads(std::size_t threads) {
  families_->stuck_threads.Set(static_cast<double>(threads));
}

void Metrics::set_lost_log_lines(std::size_t lines) {
  families_->lost_log_lines.Set(static_cast<double>(lines));
}

void Metrics::count_reported(const std::string& destination, std::size_t services) {
  families_->reported.Add({{"destination", destination}}).Increment(static_cast<double>(services));
}

void Metrics::count_unreported(const std::string& destination, std::size_t services) {
  families_->unreported.Add({{"destination", destination}})
      .Increment(static_cast<double>(services));
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace tocsin::daemon
