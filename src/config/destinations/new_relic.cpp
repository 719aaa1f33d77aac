#include "config/destinations/new_relic.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/destinations/common_keys.h"
#include "config/destinations/grouping.h"
#include "config/destinations/http_headers.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

struct Accounts {
  std::vector<NewRelicAccount> right;  ///< without those that have mistakes
  std::vector<std::string> written;    ///< the names of all
};

bool is_number(const YamlNode* node) {
  if (node == nullptr || !node->plain) return false;
  double number = 0;
  const auto* end = node->text.data() + node->text.size();
  const auto parsed = std::from_chars(node->text.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(number);
}

void read_attributes(Section& section, std::string_view what,
                     std::vector<NewRelicAttribute>& attributes) {
  section.list({.name = "static", .description = what}, attributes,
               [](Section& entry, NewRelicAttribute& attribute) {
                 entry.text({.name = "name",
                             .description = "Name of the attribute.",
                             .need = Need::required,
                             .example = "environment"},
                            attribute.name, must_not_be_empty);
                 entry.text({.name = "value",
                             .writing = Writing::prose,
                             .description =
                                 "Value of the attribute; a number without quotes stays a number.",
                             .need = Need::required,
                             .example = "production"},
                            attribute.value);
                 attribute.is_number = is_number(entry.raw("value"));
               });
}

void read_accounts(Section& root, bool wanted, Accounts& accounts) {
  root.section({.name = "thirdPartyToolsCredentials",
                .description = "Accounts at other services.",
                .destination = NewRelic::kType.name},
               [&accounts, wanted](Section& tools) {
                 tools.share_with_butler(Shared::all);
                 if (!wanted) tools.switch_off();
                 tools.list(
                     {.name = "newRelic", .description = "Accounts of New Relic."}, accounts.right,
                     [&accounts](Section& entry, NewRelicAccount& account) {
                       entry.text({.name = "accountName",
                                   .writing = Writing::title,
                                   .description = "Name of the account, for `sendToAccount`.",
                                   .need = Need::required,
                                   .example = "First NR account"},
                                  account.name);
                       accounts.written.push_back(account.name);
                       entry.secret({.name = "insertApiKey",
                                     .description = "Licence key or insert key of the account.",
                                     .need = Need::required,
                                     .example = "${env:NEW_RELIC_KEY}"},
                                    account.insert_api_key);
                       entry.text({.name = "accountId",
                                   .description = "Number of the account.",
                                   .need = Need::required,
                                   .example = "1234567"},
                                  account.id, must_not_be_empty);
                     });
               });
}

void choose_accounts(Section& section, const Accounts& all, NewRelicDestination& destination) {
  const auto check = [&](const PlacedText& name) -> std::optional<std::string> {
    if (!destination.enabled || std::ranges::find(all.written, name.text) != all.written.end())
      return std::nullopt;
    return fmt::format(
        "`sendToAccount` names `{}`, which is no `accountName` of "
        "`thirdPartyToolsCredentials.newRelic`",
        printable(name.text, 64));
  };
  std::vector<PlacedText> names;
  section.text_items({.name = "sendToAccount",
                      .writing = Writing::title,
                      .description = "Accounts that get the alerts, by `accountName`.",
                      .example = "[First NR account]"},
                     names, check);
  if (!destination.enabled) return;
  for (const auto& name : names) {
    const auto account = std::ranges::find(all.right, name.text, &NewRelicAccount::name);
    if (account != all.right.end()) destination.accounts.push_back(*account);
  }
  const auto* list = section.raw("sendToAccount");
  if (list == nullptr || list->children.empty())
    section.warning(section.place(),
                    "nothing goes to New Relic from here: `sendToAccount` is empty");
}

void read_dynamic(Section& section, NewRelicDestination& destination) {
  const auto flag = [&section](std::string_view name, std::string_view what, bool& out) {
    section.boolean({.name = name, .description = what, .example = "true"}, out);
  };
  flag("serviceHost", "Sends `butler_serviceHost`.", destination.with_host);
  flag("serviceName", "Sends `butler_serviceName`.", destination.with_name);
  flag("serviceDisplayName", "Sends `butler_serviceDisplayName`.", destination.with_display_name);
  flag("serviceState", "Sends `butler_serviceStatus`.", destination.with_state);
}

void read_destination(Section& section, const Accounts& accounts, bool used,
                      NewRelicDestination& destination) {
  destination.enabled = read_enable(section, used, ButlerSwitch::ignored);
  choose_accounts(section, accounts, destination);
  section.section(
      {.name = "attribute", .description = "Attributes."}, [&destination](Section& inner) {
        read_attributes(inner, "Attributes with a fixed value.", destination.attributes);
        inner.section({.name = "dynamic", .description = "Attributes with a value from the alert."},
                      [&destination](Section& dynamic) { read_dynamic(dynamic, destination); });
      });
}

void read_state_switch(Section& section, std::string_view state, std::string_view description,
                       bool& tell, std::string_view differs = {}) {
  const Key key{.name = state, .description = description, .differs = differs};
  section.section(key, [&tell](Section& inner) {
    inner.boolean({.name = "enable", .description = "Sends alerts about them.", .example = "true"},
                  tell);
  });
}

void read_shared(Section& section, NewRelic& new_relic,
                 std::vector<NewRelicAttribute>& attributes) {
  read_rate_limit(section, "account", new_relic.rate_limit);
  read_headers(section, {.name = "header", .description = "Headers added to every request."},
               check_header_name, new_relic.headers);
  section.section({.name = "attribute", .description = "Attributes of events and log entries."},
                  [&attributes](Section& inner) {
                    read_attributes(inner, "Attributes with a fixed value.", attributes);
                  });
}

void read_service_monitor(Section& section, const Accounts& accounts, NewRelic& new_relic) {
  const bool used = new_relic.enabled;
  section.section(
      {.name = "destination", .description = "Forms of alerts: events and log entries."},
      [&](Section& inner) {
        inner.section({.name = "event", .description = "Events."}, [&](Section& event) {
          read_destination(event, accounts, used && inner.raw("event") != nullptr,
                           new_relic.events);
        });
        inner.section({.name = "log", .description = "Log entries."}, [&](Section& log) {
          read_destination(log, accounts, used && inner.raw("log") != nullptr, new_relic.logs);
        });
      });
  section.section({.name = "monitorServiceState", .description = "Alerts that New Relic gets."},
                  [&new_relic](Section& inner) {
                    read_state_switch(inner, "running", "Alerts about services that run again.",
                                      new_relic.send_started);
                    read_state_switch(inner, "stopped",
                                      "Alerts about stopped services, and all other problems.",
                                      new_relic.send_stopped, kTellsMore);
                  });
  std::vector<NewRelicAttribute> shared;
  section.section(
      {.name = "sharedSettings", .description = "Settings shared by events and log entries."},
      [&](Section& inner) { read_shared(inner, new_relic, shared); });
  for (auto* destination : {&new_relic.events, &new_relic.logs})
    destination->attributes.insert(destination->attributes.begin(), shared.begin(), shared.end());
}

void read_urls(Section& section, NewRelic& new_relic) {
  section.text({.name = "event",
                .description = "URL of the Event API, without path.",
                .example = "https://insights-collector.eu01.nr-data.net"},
               new_relic.events.url, check_http_url);
  section.text({.name = "log",
                .description = "URL of the Log API, with its path.",
                .example = "https://log-api.eu.newrelic.com/log/v1"},
               new_relic.logs.url, check_http_url);
}

}  // namespace

void read_from_root(Section& root, bool wanted, NewRelic& new_relic) {
  new_relic.events.url = "https://insights-collector.newrelic.com";
  new_relic.logs.url = "https://log-api.newrelic.com/log/v1";
  Accounts accounts;
  read_accounts(root, wanted, accounts);
  root.section({.name = "incidentTool", .description = "Incident tools."}, [&](Section& tools) {
    tools.share_with_butler(Shared::all);
    tools.section({.name = "newRelic",
                   .description = NewRelic::kType.description,
                   .destination = NewRelic::kType.name},
                  [&](Section& section) {
                    section.share_with_butler(Shared::features);
                    new_relic.enabled = read_enable(section, wanted, ButlerSwitch::ignored);
                    section.section({.name = "url", .description = "URLs of New Relic."},
                                    [&new_relic](Section& inner) { read_urls(inner, new_relic); });
                    section.section(
                        {.name = "serviceMonitor", .description = "Alerts about services."},
                        [&](Section& inner) { read_service_monitor(inner, accounts, new_relic); });
                    read_own_proxy(section, new_relic.proxy);
                    refuse_grouping(section);
                  });
  });
}

std::vector<std::string> NewRelic::labels() const {
  std::vector<std::string> all;
  for (const auto* part : {&events, &logs}) {
    if (!part->enabled) continue;
    for (const auto& account : part->accounts) all.push_back(account.name);
  }
  return all;
}

}  // namespace tocsin::config
