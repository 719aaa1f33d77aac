// All that a configuration says, as text: two that mean the same have the same.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/config.h"

namespace tocsin::config {

inline std::string summary(const WatchedService& service) {
  return fmt::format("{}|{}|{}|{}|{}", service.pattern, service.display_name, service.exclude,
                     service.automatic_only, service.friendly_name);
}

/// Hosts are sorted: their order means nothing. Policies are compared elsewhere.
inline std::string summary(const std::vector<Host>& hosts) {
  std::vector<std::string> lines;
  lines.reserve(hosts.size());
  for (const auto& host : hosts) {
    auto line =
        fmt::format("host {} {}:{} {} {}", host.name.text(), host.address, host.port,
                    static_cast<int>(host.source), host.credentials ? host.credentials->name : "");
    for (const auto& service : host.services.entries()) line += " [" + summary(service) + "]";
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

inline std::string summary(const ChatMessage& message) {
  return fmt::format("{}|{}|{}|{}|{}|{}", message.webhook_url, static_cast<int>(message.type),
                     message.basic_template, message.template_file, message.group_template_file,
                     message.rate_limit.count());
}

inline std::string summary(const Slack& slack) {
  auto text = fmt::format("slack {}", slack.enabled);
  for (const auto* message : {&slack.stopped, &slack.started})
    text += fmt::format(" [{} {} {} {}]", summary(static_cast<const ChatMessage&>(*message)),
                        message->channel, message->from_user, message->icon_emoji);
  return text + "\n";
}

inline std::string summary(const Email& email) {
  auto text = fmt::format("email {}", email.enabled);
  for (const auto* mails : {&email.stopped, &email.started}) {
    text += fmt::format(" [{} {} {} {} {} {} {}]", mails->rate_limit.count(),
                        static_cast<int>(mails->priority), mails->subject, mails->body_file,
                        mails->group_subject, mails->group_body_file, mails->from.address);
    for (const auto& to : mails->recipients) text += fmt::format(" {}<{}>", to.name, to.address);
  }
  const auto& smtp = email.smtp;
  return text + fmt::format(" {}:{} {} {} {} {} {} {}\n", smtp.host, smtp.port,
                            static_cast<int>(smtp.security), smtp.server_name,
                            smtp.reject_unauthorized, smtp.logs_in, smtp.user,
                            smtp.secret.reveal());
}

inline std::string summary(const Mqtt& mqtt) {
  return fmt::format("mqtt {} {}:{} {} {} {} {} {} {} {} {} {}\n", mqtt.enabled, mqtt.broker_host,
                     mqtt.broker_port, mqtt.client_id, mqtt.username, mqtt.password.reveal(),
                     mqtt.tls, mqtt.running_topic, mqtt.stopped_topic, mqtt.paused_topic,
                     mqtt.service_status_topic, mqtt.azure);
}

inline std::string summary(const InfluxDb& influx) {
  auto text =
      fmt::format("influx {} {} {} {} {} {} {} {} {} {} {} {} {}", influx.enabled,
                  static_cast<int>(influx.version), influx.url, influx.username,
                  influx.password.reveal(), influx.token.reveal(), influx.organization,
                  influx.database, influx.bucket_description, influx.retention_policy,
                  influx.retention.count(), influx.write_limit.count(), influx.query_limit.count());
  for (const auto& tag : influx.tags) text += fmt::format(" {}={}", tag.name, tag.value);
  return text + "\n";
}

inline std::string summary(const NewRelic& relic) {
  auto text = fmt::format("new relic {} {} {} {} {}", relic.enabled, relic.send_started,
                          relic.send_stopped, relic.rate_limit.count(), relic.headers);
  for (const auto* destination : {&relic.events, &relic.logs}) {
    text += fmt::format(" [{} {} {} {} {} {}", destination->enabled, destination->url,
                        destination->with_host, destination->with_name,
                        destination->with_display_name, destination->with_state);
    for (const auto& account : destination->accounts)
      text += fmt::format(" {} {} {}", account.name, account.id, account.insert_api_key.reveal());
    for (const auto& attribute : destination->attributes)
      text += fmt::format(" {}={} {}", attribute.name, attribute.value, attribute.is_number);
    text += "]";
  }
  return text + "\n";
}

inline std::string summary(const Config& config) {
  auto text =
      fmt::format("{} {} {} {} {} {} {}\n", config.enabled, config.frequency.text(),
                  config.data_directory, config.metrics_file, static_cast<int>(config.log_level),
                  config.file_logging, config.log_directory);
  for (const auto& account : config.credentials)
    text += fmt::format("account {} {} {}\n", account->name, account->username,
                        account->password.reveal());
  text += summary(config.hosts) + summary(config.get<Slack>()) + summary(config.get<Email>()) +
          summary(config.get<Mqtt>()) + summary(config.get<InfluxDb>()) +
          summary(config.get<NewRelic>());
  text += fmt::format("teams {} [{}] [{}]\n", config.get<Teams>().enabled,
                      summary(config.get<Teams>().stopped), summary(config.get<Teams>().started));
  text += fmt::format("webhook {} {}\n", config.get<WebhookDestinations>().enabled,
                      config.get<WebhookDestinations>().rate_limit.count());
  for (const auto& webhook : config.get<WebhookDestinations>().webhooks)
    text += fmt::format("  {} {} {} {} {}\n", webhook.description, webhook.firing.url,
                        static_cast<int>(webhook.firing.method), webhook.ca_file,
                        webhook.reject_unauthorized);
  for (const auto& url : config.generic_urls)
    text += fmt::format("link {} {} {} {}\n", url.id, url.link_text, url.comment, url.url);
  return text;
}

}  // namespace tocsin::config
