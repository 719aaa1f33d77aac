#include "notify/mqtt/mqtt.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "net/resolver.h"
#include "notify/mqtt/topics.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::ordered_json;

/// As many as the client sends before the first is acknowledged.
constexpr std::size_t kAtOnce = 20;

/// The order of two of Butler's keys: it has one for what stops, and another for all else.
enum class Names : bool { friendly_first, display_first };

struct Subject {
  const std::string& host;
  const std::string& service;
  const std::string& display_name;
  const std::string& friendly_name;
  const ServiceDetails& details;
};

Json first_eight(const Subject& about, Names names, std::string_view status) {
  const auto& friendly = about.friendly_name.empty() ? about.display_name : about.friendly_name;
  Json body;
  body["serviceHost"] = about.host;
  body["serviceName"] = about.service;
  if (names == Names::friendly_first) body["serviceFriendlyName"] = friendly;
  body["serviceDisplayName"] = about.display_name;
  if (names == Names::display_first) body["serviceFriendlyName"] = friendly;
  body["serviceDependencies"] = about.details.dependencies;
  body["serviceStartType"] = to_string(about.details.start_mode);
  body["serviceExePath"] = about.details.executable_path;
  body["serviceStatus"] = status;
  return body;
}

/// Compact; invalid UTF-8 becomes U+FFFD.
std::string text_of(const Json& body) {
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string below(const std::string& topic, const std::string& host, std::string_view last) {
  return topic + "/" + topic_level(host) + "/" + topic_level(last);
}

/// Whether a service runs now, or all is well with a host or credential. Of what is no longer
/// monitored nobody knows.
bool is_up(const Alert& alert) {
  if (alert.kind == TransitionKind::unmonitored) return false;
  return is_about_host(alert) ? is_resolved(alert)
                              : status_word(alert) == to_string(ServiceState::running);
}

const std::string& topic_of(const config::Mqtt& settings, const Alert& alert) {
  if (is_up(alert)) return settings.running_topic;
  return status_word(alert) == to_string(ServiceState::paused) ? settings.paused_topic
                                                               : settings.stopped_topic;
}

/// What an error says that is not about one message.
Answer answer_to(const Error& error) {
  auto reason = printable(error.what);
  if (error.kind == ErrorKind::login_refused) return LoginRefused{.reason = std::move(reason)};
  return RetryAfter{.after = {}, .reason = std::move(reason)};
}

Answer answer_to(const Error& error, const std::string& topic) {
  const auto reason = printable(error.what) + " (topic `" + printable(topic) + "`)";
  if (error.kind == ErrorKind::rejected) return Rejected{.reason = reason};
  if (error.kind == ErrorKind::rate_limited) return RetryAfter{.after = {}, .reason = reason};
  return answer_to(error);
}

Login login_of(const config::Mqtt& settings, const ChannelDeps& deps) {
  if (settings.username.empty()) return {};
  const auto server = settings.broker_host + ":" + std::to_string(settings.broker_port);
  return {.gate = &login_gate(deps.logins, {.kind = "mqtt",
                                            .server = server,
                                            .user = settings.username,
                                            .secret = settings.password}),
          .by = Login::By::channel};
}

net::awaitable<void> pass_on(std::shared_ptr<net::MqttClient> client,
                             std::function<void(const std::string&)> warn) {
  for (;;) warn(printable(co_await client->warning()));
}

/// "tocsin-SERVER1", and "tocsin-SERVER1-5f3a01c2" for one of several on a machine.
std::string default_client_id(const std::string& instance) {
  auto host = net::own_host_name();
  host = host.substr(0, host.find('.'));
  std::erase_if(host, [](char c) {
    return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
             c == '-' || c == '_');
  });
  return (host.empty() ? "tocsin" : "tocsin-" + host) + (instance.empty() ? "" : "-" + instance);
}

}  // namespace

std::string mqtt_change(const Alert& alert) {
  auto body =
      first_eight({.host = alert.host.text(),
                   .service = alert.service.text(),
                   .display_name = display_name(alert),
                   .friendly_name = alert.friendly_name,
                   .details = alert.details},
                  is_up(alert) ? Names::display_first : Names::friendly_first, status_word(alert));
  body["servicePrevStatus"] = previous_status_word(alert);
  body["serviceStatusChanged"] = true;
  body["kind"] = kind_word(alert);
  if (auto reason = reason_of(alert); !reason.empty()) body["reason"] = std::move(reason);
  return text_of(body);
}

std::string mqtt_status(const HostName& host, const ServiceReport& report) {
  static const ServiceDetails no_details;
  const auto& details = report.details ? *report.details : no_details;
  return text_of(first_eight(
      {.host = host.text(),
       .service = report.name.text(),
       .display_name = details.display_name.empty() ? report.name.text() : details.display_name,
       .friendly_name = report.friendly_name,
       .details = details},
      Names::display_first, to_string(report.state)));
}

std::string mqtt_topic(const config::Mqtt& settings, const Alert& alert) {
  const auto& topic = topic_of(settings, alert);
  if (topic.empty()) return "";
  const auto about = is_about_credential(alert) ? About::credential : About::host;
  return below(topic, alert.host.text(),
               is_about_host(alert) ? to_string(about) : std::string_view(alert.service.text()));
}

net::MqttSettings mqtt_settings(const config::Mqtt& settings, const std::string& version, Use use) {
  net::MqttSettings made{
      .host = settings.broker_host,
      .port = settings.broker_port,
      .version = settings.version == config::MqttVersion::v5 ? net::MqttVersion::v5
                                                             : net::MqttVersion::v3_1_1,
      .client_id =
          settings.client_id.empty() ? default_client_id(settings.instance) : settings.client_id,
      .clean_session = settings.clean_session,
      .username = settings.username,
      .password = settings.password,
      .tls = {.enabled = settings.tls,
              .ca_file = settings.ca_file,
              .certificate_file = settings.certificate_file,
              .key_file = settings.key_file,
              .server_name = settings.server_name,
              .verify = settings.reject_unauthorized},
      .presence = {},
      .keep_alive = settings.keep_alive,
      .most_in_flight = kAtOnce};
  if (use == Use::once) {
    // Azure Event Grid knows one client id for each certificate and refuses all others.
    if (!settings.azure) made.client_id += "-test";
  } else if (settings.presence) {
    made.presence = {.topic = settings.presence_topic.empty()
                                  ? "tocsin/status/" + topic_level(made.client_id)
                                  : settings.presence_topic,
                     .online = text_of({{"status", "online"}, {"version", version}}),
                     .offline = text_of({{"status", "offline"}, {"reason", "stopped"}}),
                     .lost = text_of({{"status", "offline"}, {"reason", "connection lost"}}),
                     .retain = !settings.azure};
  }
  return made;
}

MqttChannel::MqttChannel(config::Mqtt settings, std::shared_ptr<net::MqttTransport> transport)
    : settings_(std::move(settings)),
      // There is one broker at most, and what waits for it may go to its successor.
      key_(channel_key("mqtt", "mqttConfig")),
      name_("MQTT broker \"" + printable(settings_.broker_host) + "\""),
      transport_(std::move(transport)) {}

bool MqttChannel::wants(const Alert& alert) const { return !mqtt_topic(settings_, alert).empty(); }

net::awaitable<Answer> MqttChannel::deliver(const Alert& alert, const DeliveryId& /*id*/,
                                            net::Deadline deadline) {
  const auto topic = mqtt_topic(settings_, alert);
  if (topic.empty())
    co_return Rejected{.reason =
                           "no topic is configured for what is " + std::string(status_word(alert))};
  std::vector<net::MqttMessage> messages;
  messages.push_back({.topic = topic,
                      .payload = mqtt_change(alert),
                      .qos = static_cast<net::MqttQos>(settings_.qos)});
  const auto results = co_await transport_->publish(std::move(messages),
                                                    std::min(deadline, net::within(kRequestLimit)));
  const auto& result = results.front();
  if (!result) co_return answer_to(result.error(), topic);
  co_return Delivered{.detail = *result};
}

MqttStatusSink::MqttStatusSink(config::Mqtt settings, std::shared_ptr<net::MqttTransport> transport,
                               Login login)
    : settings_(std::move(settings)), login_(login), transport_(std::move(transport)) {}

net::awaitable<StatusSink::Written> MqttStatusSink::write(std::span<const StatusReport> reports,
                                                          net::Deadline deadline) {
  std::vector<net::MqttMessage> messages;
  for (const auto& report : reports) {
    for (const auto& service : report.services) {
      messages.push_back(
          {.topic = below(settings_.service_status_topic, report.host.text(), service.name.text()),
           .payload = mqtt_status(report.host, service),
           .qos = static_cast<net::MqttQos>(settings_.qos),
           .retain = settings_.retain_status});
    }
  }
  const auto results = co_await transport_->publish(std::move(messages), deadline);
  Written written{.answer = Delivered{}};
  for (const auto& result : results) {
    if (result) continue;
    const auto& error = result.error();
    // What the broker does not take now is old when it does: the next check brings another state.
    const bool is_about_one =
        error.kind == ErrorKind::rejected || error.kind == ErrorKind::rate_limited;
    if (!is_about_one) co_return Written{.answer = answer_to(error)};
    if (written.refused++ == 0) written.answer = Delivered{.detail = printable(error.what)};
  }
  co_return written;
}

net::awaitable<Answer> MqttStatusSink::test(net::Deadline deadline) {
  const auto connected =
      co_await transport_->connect(std::min(deadline, net::within(kRequestLimit)));
  if (!connected) co_return answer_to(connected.error());
  co_return Delivered{.detail = "connected to " + *connected + "; no state was sent"};
}

void add_channels(const config::Mqtt& settings, const ChannelDeps& deps, Destinations& to) {
  auto wanted = mqtt_settings(settings, deps.version, deps.use);
  const auto login = login_of(settings, deps);
  if (login.gate != nullptr) wanted.login = guard_of(deps.executor, *login.gate);
  auto client = std::make_shared<net::MqttClient>(deps.executor, std::move(wanted));
  if (login.gate != nullptr) to.background.emplace_back([client] { return client->run(); });
  if (deps.warn)
    to.background.emplace_back([client, warn = deps.warn] { return pass_on(client, warn); });
  if (deps.use == Use::run) client->open();
  if (!settings.running_topic.empty() || !settings.stopped_topic.empty() ||
      !settings.paused_topic.empty()) {
    to.alerts.push_back({.channel = std::make_unique<MqttChannel>(settings, client),
                         .rules = {.parallel = kAtOnce},
                         .login = login});
  }
  if (!settings.service_status_topic.empty())
    to.status.push_back(std::make_unique<MqttStatusSink>(settings, client, login));
}

}  // namespace tocsin::notify
