// Strong types for the words that the whole program speaks: hosts, services, deliveries, secrets.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin {

/// A text with its folded form (text.h, fold_case). Equal texts are one in memory for as long as
/// anybody has them: a copy costs a pointer, and a fleet has the name of a service once, however
/// many hosts run it. Any thread may have names.
class InternedName {
 public:
  InternedName() = default;
  explicit InternedName(std::string_view text);
  InternedName(const InternedName& other) noexcept;
  InternedName(InternedName&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  InternedName& operator=(InternedName other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~InternedName() {
    if (entry_ != nullptr) leave();
  }

  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] const std::string& key() const;
  [[nodiscard]] bool empty() const { return entry_ == nullptr; }
  /// Of the key.
  [[nodiscard]] std::size_t hash() const;

  friend bool operator==(const InternedName& a, const InternedName& b) {
    return a.entry_ == b.entry_ || a.has_key_of(b);
  }
  friend std::strong_ordering operator<=>(const InternedName& a, const InternedName& b) {
    return a.entry_ == b.entry_ ? std::strong_ordering::equal : a.compare_keys(b);
  }

  /// How many texts are in memory.
  [[nodiscard]] static std::size_t count();

 private:
  struct Entry;
  class Pool;

  void leave();
  [[nodiscard]] bool has_key_of(const InternedName& other) const;
  [[nodiscard]] std::strong_ordering compare_keys(const InternedName& other) const;

  Entry* entry_ = nullptr;  ///< null: the empty text
};

/// A name as somebody wrote it, compared as Windows compares names: case does not count.
template <typename Tag>
class WindowsName {
 public:
  WindowsName() = default;
  explicit WindowsName(std::string_view text) : name_(text) {}

  /// As written, for people.
  [[nodiscard]] const std::string& text() const { return name_.text(); }
  /// Folded (text.h, fold_case), for keys.
  [[nodiscard]] const std::string& key() const { return name_.key(); }
  [[nodiscard]] bool empty() const { return name_.empty(); }

  friend auto operator<=>(const WindowsName&, const WindowsName&) = default;

 private:
  friend struct std::hash<WindowsName>;

  InternedName name_;
};

/// A monitored host, by its name in the configuration.
using HostName = WindowsName<struct HostTag>;
/// A service by its key name (not its display name).
using ServiceName = WindowsName<struct ServiceTag>;

/// An id made by us (a UUID of version 7, so ids sort by time); `Tag` tells what it names.
template <typename Tag>
struct Id {
  std::string value;
  friend auto operator<=>(const Id&, const Id&) = default;
};

/// One alert, notified to any number of destinations.
using AlertId = Id<struct AlertTag>;
/// One alert for one destination; stable over retries and restarts.
using DeliveryId = Id<struct DeliveryTag>;

/// A password or token: it can be used and compared, but not printed by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace tocsin

template <typename Tag>
struct std::hash<tocsin::WindowsName<Tag>> {
  std::size_t operator()(const tocsin::WindowsName<Tag>& name) const { return name.name_.hash(); }
};
