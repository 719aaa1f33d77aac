// What a request says, checked before it is used: the query of its URL, or its JSON body.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "web/router.h"

namespace tocsin::web {

/// What names of hosts and services, patterns of them, and reasons may have at most, in bytes.
inline constexpr std::size_t kMostName = 256;
inline constexpr std::size_t kMostReason = 1000;

/// From "2026-11-25T19:02:03.004Z" or with an offset (RFC 3339, 5.6); nothing: it is no such time.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

/// The first mistake is kept; values that are read after one are worth nothing. mistake() is asked
/// when all is read.
class Input {
 public:
  /// A response 400 that says what is wrong; nothing: all is right.
  [[nodiscard]] std::optional<Response> mistake() const;

 protected:
  void complain(std::string_view name, std::string_view what);

 private:
  std::string mistake_;
};

/// The query.
class Query : public Input {
 public:
  explicit Query(const Call& call) : call_(call) {}

  [[nodiscard]] std::string text(std::string_view name, std::size_t most);
  /// Must be there.
  [[nodiscard]] std::string needed_text(std::string_view name, std::size_t most);
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most,
                                    std::int64_t fallback);
  [[nodiscard]] std::optional<Time> time(std::string_view name);
  [[nodiscard]] bool flag(std::string_view name);
  /// Where a page that is numbered goes on, as the page before has named it.
  [[nodiscard]] std::optional<std::int64_t> cursor(std::string_view name);
  /// A word of a closed set.
  template <ClosedSet E>
  [[nodiscard]] std::optional<E> word(std::string_view name) {
    const auto value = call_.query(name);
    if (!value) return std::nullopt;
    const auto parsed = parse_word<E>(*value);
    if (!parsed) complain(name, "is none of its words");
    return parsed;
  }

 private:
  const Call& call_;
};

/// The body: one JSON object, all of whose keys are read.
class Body : public Input {
 public:
  explicit Body(const Call& call);
  ~Body();
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  [[nodiscard]] std::string text(std::string_view name, std::size_t least, std::size_t most);
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t least, std::int64_t most);
  [[nodiscard]] Time time(std::string_view name);
  /// May be left out: false.
  [[nodiscard]] bool flag(std::string_view name);
  /// Complains about keys that were not read.
  void finish();

 private:
  [[nodiscard]] const nlohmann::json* find(std::string_view name);

  std::unique_ptr<const nlohmann::json> object_;
  std::vector<std::string_view> read_;
};

/// The id in a path: a number of at least 1.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);

}  // namespace tocsin::web
