// Strong types for the words that the whole program speaks: hosts, services, deliveries, secrets.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace tocsin {

/// A name as somebody wrote it, compared as Windows compares names: case does not count.
template <typename Tag>
class WindowsName {
 public:
  WindowsName() = default;
  explicit WindowsName(std::string_view text);

  /// As written, for people.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Folded (text.h, fold_case), for keys.
  [[nodiscard]] const std::string& key() const { return key_.empty() ? text_ : key_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend bool operator==(const WindowsName& a, const WindowsName& b) { return a.key() == b.key(); }
  friend auto operator<=>(const WindowsName& a, const WindowsName& b) {
    return a.key() <=> b.key();
  }

 private:
  std::string text_;
  std::string key_;  ///< empty when the text is its own key
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
  std::size_t operator()(const tocsin::WindowsName<Tag>& name) const {
    return std::hash<std::string>{}(name.key());
  }
};
