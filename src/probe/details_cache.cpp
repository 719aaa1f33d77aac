#include "probe/details_cache.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "domain/shared_details.h"
#include "probe/scm_terms.h"
#include "wire/svcctl/terms.h"

namespace tocsin::probe {
namespace {

constexpr std::uint32_t kPerUserBits = svcctl::kUserService | svcctl::kUserServiceInstance;

/// A list tells no start mode, and what an earlier version has stored lacks the executable.
bool is_complete(const ServiceDetails& details) {
  return details.start_mode != StartMode::unknown && !details.executable_path.empty();
}

/// Whether the list says no more of it than is known.
bool has_said(const ServiceDetails& known, const ServiceDetails& listed) {
  const auto bits = listed.type & kPerUserBits;
  return known.display_name == listed.display_name && (known.type & bits) == bits;
}

}  // namespace

DetailsCache::Period DetailsCache::period(Time now) const {
  return static_cast<Period>(
      std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch() - shift_) / age_);
}

std::size_t DetailsCache::find_entry(const ServiceName& name) const {
  for (std::size_t i = 0; i < entries_.size(); i++) {
    const auto at = (next_ + i) % entries_.size();
    if (entries_[at].name != name) continue;
    next_ = at + 1;
    return at;
  }
  return entries_.size();
}

void DetailsCache::recall(std::span<const ObservedService> known, Time now) {
  for (const auto& [name, status, details] : known) {
    if (details == nullptr) continue;
    entries_.push_back({.name = name,
                        .details = details,
                        .read_in = is_complete(*details) ? period(now) : kNever,
                        .process_id = status.process_id,
                        .state = status.state});
  }
}

void DetailsCache::introduce(const std::vector<std::pair<ServiceName, ServiceDetails>>& listed) {
  std::unordered_map<ServiceName, std::size_t> places;
  for (std::size_t i = 0; i < entries_.size(); i++) places.emplace(entries_[i].name, i);
  for (const auto& [name, details] : listed) {
    const auto [at, is_new] = places.try_emplace(name, entries_.size());
    if (is_new) entries_.push_back({.name = name});
    introduce(entries_[at->second], details);
  }
  entries_.shrink_to_fit();
}

void DetailsCache::introduce(Entry& entry, const ServiceDetails& listed) {
  entry.listed = true;
  if (entry.details && has_said(*entry.details, listed)) return;
  auto details = entry.details ? *entry.details : listed;
  details.display_name = listed.display_name;
  details.type |= listed.type & kPerUserBits;
  entry.details = share(std::move(details));
  make_due(entry);
}

std::vector<ServiceName> DetailsCache::services() const {
  std::vector<ServiceName> names;
  names.reserve(entries_.size());
  for (const auto& entry : entries_) names.push_back(entry.name);
  return names;
}

std::optional<std::uint32_t> DetailsCache::process_of(const ServiceName& name) const {
  const auto at = find_entry(name);
  if (at == entries_.size()) return std::nullopt;
  return entries_[at].process_id;
}

const ServiceDetails* DetailsCache::find(const ServiceName& name) const {
  const auto at = find_entry(name);
  return at == entries_.size() ? nullptr : entries_[at].details.get();
}

void DetailsCache::observe(std::span<const ObservedService> services) {
  if (!std::ranges::equal(entries_, services, {}, &Entry::name, &ObservedService::name))
    arrange(services);
  for (std::size_t i = 0; i < services.size(); i++) {
    auto& entry = entries_[i];
    const auto& status = services[i].status;
    if (entry.state == status.state && entry.process_id == status.process_id) continue;
    entry.state = status.state;
    entry.process_id = status.process_id;
    make_due(entry);
  }
}

void DetailsCache::arrange(std::span<const ObservedService> services) {
  std::unordered_map<ServiceName, Entry*> before;
  for (auto& entry : entries_) before.emplace(entry.name, &entry);
  std::vector<Entry> arranged;
  arranged.reserve(services.size());
  for (const auto& service : services) {
    const auto found = before.find(service.name);
    arranged.push_back(found == before.end() ? Entry{.name = service.name}
                                             : std::move(*found->second));
  }
  entries_ = std::move(arranged);
  next_ = 0;
  none_due_in_ = kNever;
}

std::vector<ServiceName> DetailsCache::due(Time now) const {
  const auto present = period(now);
  if (none_due_in_ == present) return {};
  std::vector<const Entry*> waiting;
  for (const auto& entry : entries_) {
    if (entry.read_in != present && is_there({.state = entry.state})) waiting.push_back(&entry);
  }
  if (waiting.empty()) none_due_in_ = present;
  std::ranges::sort(waiting, {},
                    [](const Entry* entry) { return std::pair(entry->read_in, entry); });
  std::vector<ServiceName> names;
  names.reserve(waiting.size());
  for (const auto* entry : waiting) names.push_back(entry->name);
  return names;
}

std::shared_ptr<const ServiceDetails> DetailsCache::answer(const ServiceName& name,
                                                           std::optional<ServiceDetails> details,
                                                           Time now) {
  const auto at = find_entry(name);
  if (at == entries_.size()) return nullptr;
  auto& entry = entries_[at];
  entry.read_in = period(now);
  if (details && entry.listed) {
    details->display_name = entry.details->display_name;
    details->type |= entry.details->type & kPerUserBits;
  }
  if (details && (!entry.details || *details != *entry.details))
    entry.details = share(*std::move(details));
  return entry.details;
}

void DetailsCache::attach(std::span<ObservedService> services) const {
  for (auto& service : services) {
    const auto at = find_entry(service.name);
    if (at != entries_.size()) service.details = entries_[at].details;
  }
}

}  // namespace tocsin::probe
