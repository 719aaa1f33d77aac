#include "web/attempts.h"

#include <algorithm>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "base/backoff.h"

namespace tocsin::web {
namespace {

constexpr Backoff kPause{.first = std::chrono::seconds(1), .longest = std::chrono::minutes(1)};

/// After so many wrong ones.
Duration pause_after(unsigned failures) {
  return failures < kFreeAttempts ? Duration(0) : kPause.after(failures - kFreeAttempts + 1);
}

}  // namespace

net::Deadline::duration Attempts::wait(std::string_view key, net::Deadline now) const {
  const auto entry = std::ranges::find(entries_, key, &Entry::key);
  if (entry == entries_.end() || is_forgotten(*entry, now)) return {};
  return std::max(entry->next - now, net::Deadline::duration(0));
}

void Attempts::begin(std::string_view key, net::Deadline now) {
  const auto entry = std::ranges::find(entries_, key, &Entry::key);
  if (entry != entries_.end() && !is_forgotten(*entry, now))
    entry->next = now + pause_after(entry->failures);
}

void Attempts::fail(std::string_view key, net::Deadline now) {
  std::erase_if(entries_, [now](const Entry& entry) { return is_forgotten(entry, now); });
  Entry entry{.key = std::string(key)};
  const auto known = std::ranges::find(entries_, key, &Entry::key);
  if (known != entries_.end()) {
    entry = std::move(*known);
    entries_.erase(known);
  } else if (entries_.size() == kMostKeys) {
    entries_.erase(entries_.begin());
  }
  entry.failures++;
  entry.last = now;
  entry.next = now + pause_after(entry.failures);
  entries_.push_back(std::move(entry));
}

void Attempts::forget(std::string_view key) {
  std::erase_if(entries_, [key](const Entry& entry) { return entry.key == key; });
}

std::string source_of(std::string_view address) {
  boost::system::error_code other;
  const auto v6 = boost::asio::ip::make_address_v6(std::string(address), other);
  if (other || v6.is_v4_mapped()) return std::string(address);
  constexpr std::size_t kNetworkBytes = 8;
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + kNetworkBytes, bytes.end(), 0);
  return boost::asio::ip::address_v6(bytes).to_string() + "/64";
}

}  // namespace tocsin::web
