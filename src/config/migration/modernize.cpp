#include "config/migration/modernize.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "config/destinations/common_keys.h"
#include "config/monitored/host_names.h"

namespace tocsin::config {
namespace {

Value make_mapping() { return {.type = YamlNode::Type::mapping}; }

/// By a path with dots; null when there is none.
Value* find_section(Value& root, std::string_view path) {
  auto* section = &root;
  while (section != nullptr && !path.empty()) {
    const auto name = path.substr(0, path.find('.'));
    section = section->find(name);
    path.remove_prefix(std::min(name.size() + 1, path.size()));
  }
  return section != nullptr && section->type == YamlNode::Type::mapping ? section : nullptr;
}

void spell_sender(Value& mails) {
  auto older = mails.take("fromAdress");
  if (older && mails.find("fromAddress") == nullptr) mails.put("fromAddress", *std::move(older));
}

/// The keys of version 1 go where those of the others are.
void move_into_v1(Value& influx) {
  const auto* version = influx.find("version");
  if (version != nullptr && version->text != "1") return;
  Value v1 = make_mapping();
  for (const auto* name : {"auth", "dbName", "instanceTag", "retentionPolicy"}) {
    if (auto value = influx.take(name)) v1.put(name, *std::move(value));
  }
  if (auto* newer = influx.find("v1Config")) {
    auto instance = v1.take("instanceTag");
    if (instance && newer->find("instanceTag") == nullptr)
      newer->put("instanceTag", *std::move(instance));
    return;
  }
  if (version == nullptr) influx.put("version", make_scalar("1", true));
  influx.put("v1Config", std::move(v1));
}

/// Takes the names out of an entry of `monitor`.
std::vector<Value> take_names(Value& entry) {
  if (auto host = entry.take("host")) return {*std::move(host)};
  if (auto hosts = entry.take("hosts")) return std::move(hosts->items);
  return {};
}

void put_names(Value& entry, std::vector<Value> names) {
  if (names.empty()) return;
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (auto& name : names) texts.push_back(std::move(name.text));
  auto shorter = compress_host_names(texts);
  Value list{.type = YamlNode::Type::sequence};
  for (auto& text : shorter) {
    const bool plain = !text.contains('[');
    list.items.push_back(make_scalar(std::move(text), plain));
  }
  if (list.items.size() == 1) {
    entry.put_first("host", std::move(list.items.front()));
  } else {
    entry.put_first("hosts", std::move(list));
  }
}

/// What two entries of `services` are compared by.
std::string service_key(const Value& service) {
  for (const auto* key : {"name", "displayName"}) {
    if (const auto* name = service.find(key)) return key + fold_case(name->text);
  }
  return {};
}

/// Adds what `into` does not say itself.
void add_missing(Value& into, const Value& from) {
  for (const auto& [key, value] : from.keys) {
    auto* own = into.find(key);
    if (own == nullptr) {
      into.put(key, value);
    } else if (own->type == YamlNode::Type::mapping) {
      add_missing(*own, value);
    }
  }
}

/// The policy of an entry goes to its services, where others do not get it.
void spread_policy(Value& entry) {
  if (entry.find("services") == nullptr) return;
  const auto policy = entry.take("policy");
  if (!policy) return;
  for (auto& service : entry.find("services")->items) {
    if (service.find("policy") == nullptr) service.put("policy", make_mapping());
    add_missing(*service.find("policy"), *policy);
  }
}

/// An entry that becomes that of one host alone.
class JoinedEntry {
 public:
  JoinedEntry(Value first, std::string name) : entry_{.type = YamlNode::Type::mapping} {
    add(first);
    for (auto& [key, value] : first.keys) entry_.put(std::move(key), std::move(value));
    entry_.put_first("host", make_scalar(std::move(name), true));
  }

  /// Takes the services and sets that are new out of another entry.
  void add(Value& other) {
    spread_policy(other);
    for (const auto* key : {"services", "sets"}) {
      auto theirs = other.take(key);
      if (!theirs) continue;
      if (entry_.find(key) == nullptr) entry_.put(key, {.type = YamlNode::Type::sequence});
      for (auto& item : theirs->items) {
        const auto name = item.type == YamlNode::Type::scalar ? item.text : service_key(item);
        if (known_.insert(key + name).second) entry_.find(key)->items.push_back(std::move(item));
      }
    }
  }

  [[nodiscard]] Value take() && { return std::move(entry_); }

 private:
  Value entry_;
  std::unordered_set<std::string> known_;
};

/// The names that an entry stands for, with ranges counted out.
std::vector<std::string> all_names(const Value& entry) {
  std::vector<std::string> names;
  const auto add = [&names](const Value& text) {
    auto expanded = expand_host_names(text.text, kMostHosts);
    if (expanded) std::ranges::move(*expanded, std::back_inserter(names));
  };
  if (const auto* host = entry.find("host")) add(*host);
  if (const auto* hosts = entry.find("hosts")) std::ranges::for_each(hosts->items, add);
  return names;
}

/// A host that stands in several entries, as a file of Butler may have it, gets one of its own with
/// the services of all. What else these say is as in the first.
void join_hosts(Value& monitor) {
  std::unordered_map<std::string, std::size_t> counts;
  for (const auto& entry : monitor.items)
    for (const auto& name : all_names(entry)) counts[fold_case(name)]++;
  std::vector<Value> entries;
  std::vector<JoinedEntry> joined;
  std::unordered_map<std::string, std::size_t> numbers;  // of those, by name
  for (auto& entry : monitor.items) {
    auto names = all_names(entry);
    if (std::ranges::none_of(names,
                             [&](const auto& name) { return counts[fold_case(name)] > 1; })) {
      entries.push_back(std::move(entry));
      continue;
    }
    (void)take_names(entry);
    std::vector<Value> others;
    for (auto& name : names) {
      if (counts[fold_case(name)] == 1) {
        others.push_back(make_scalar(std::move(name), true));
        continue;
      }
      auto copy = entry;
      const auto [known, fresh] = numbers.try_emplace(fold_case(name), joined.size());
      if (fresh) {
        joined.emplace_back(std::move(copy), std::move(name));
      } else {
        joined[known->second].add(copy);
      }
    }
    if (others.empty()) continue;
    put_names(entry, std::move(others));
    entries.push_back(std::move(entry));
  }
  for (auto& entry : joined) entries.push_back(std::move(entry).take());
  monitor.items = std::move(entries);
}

/// Entries that say the same of their hosts become one; those with an address stay, because it is
/// one host's.
void merge_hosts(Value& monitor) {
  struct Group {
    Value entry;
    std::vector<Value> names;
  };
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> known;
  for (auto& entry : monitor.items) {
    auto names = take_names(entry);
    auto fingerprint = entry.fingerprint();
    if (entry.find("address") != nullptr) fingerprint += names.empty() ? "" : names.front().text;
    const auto [group, fresh] = known.try_emplace(std::move(fingerprint), groups.size());
    if (fresh) groups.push_back({std::move(entry), {}});
    auto& all = groups[group->second].names;
    all.insert(all.end(), std::make_move_iterator(names.begin()),
               std::make_move_iterator(names.end()));
  }
  monitor.items.clear();
  for (auto& group : groups) {
    put_names(group.entry, std::move(group.names));
    monitor.items.push_back(std::move(group.entry));
  }
}

}  // namespace

void modernize(Value& root) {
  if (auto* email = root.find("emailNotification")) {
    for (const auto* name : {"serviceStopped", "serviceStarted"}) {
      if (auto* mails = email->find(name)) spell_sender(*mails);
    }
  }
  if (auto* influx = root.find("influxDb")) move_into_v1(*influx);
  if (auto* watched = root.find("serviceMonitor")) {
    if (auto* monitor = watched->find("monitor")) {
      join_hosts(*monitor);
      merge_hosts(*monitor);
    }
  }
}

void keep_rate_limits(Value& root, const std::vector<KnownKey>& keys) {
  constexpr std::string_view kKey = "rateLimit";
  auto* new_relic = find_section(root, "incidentTool.newRelic.serviceMonitor");
  if (new_relic != nullptr && new_relic->find("sharedSettings") == nullptr)
    new_relic->put("sharedSettings", make_mapping());
  for (const auto& key : keys) {
    const auto dot = key.path.rfind('.');
    if (dot == std::string::npos || key.path.substr(dot + 1) != kKey) continue;
    if (key.path.contains(".otherAlerts.")) continue;  // what it leaves out is as elsewhere
    auto* section = find_section(root, std::string_view(key.path).substr(0, dot));
    if (section != nullptr && section->find(kKey) == nullptr)
      section->put(std::string(kKey),
                   make_scalar(fmt::to_string(kRateLimitOfButler.count()), true));
  }
}

bool add_credentials(Value& root, Source default_source) {
  auto* watched = root.find("serviceMonitor");
  const auto* monitor = watched == nullptr ? nullptr : watched->find("monitor");
  if (monitor == nullptr) return false;
  const bool any_smb = std::ranges::any_of(monitor->items, [default_source](const Value& entry) {
    const auto* source = entry.find("source");
    return source == nullptr ? default_source == Source::smb : fold_case(source->text) == "SMB";
  });
  const auto* given = watched->find("credentials");
  if (!any_smb || (given != nullptr && !given->items.empty())) return false;
  watched->take("credentials");
  Value account = make_mapping();
  account.put("name", make_scalar("monitoring", true));
  account.put("username", make_scalar("${env:TOCSIN_USERNAME}", true));
  account.put("password", make_scalar("${env:TOCSIN_PASSWORD}", true));
  watched->put("credentials", {.type = YamlNode::Type::sequence, .items = {std::move(account)}});
  return true;
}

}  // namespace tocsin::config
