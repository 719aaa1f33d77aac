// The text format that Prometheus reads, version 0.0.4.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::daemon {

/// How many durations were how long.
class Histogram {
 public:
  /// Upper ends in seconds; what is longer counts in the last place.
  static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                         0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 30.0};

  void add(std::chrono::duration<double> took);
  [[nodiscard]] const std::array<std::uint64_t, kBounds.size() + 1>& counts() const {
    return counts_;
  }
  /// In seconds.
  [[nodiscard]] double sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};
  double sum_ = 0;
};

/// Writes one family after the other. One that gets no sample leaves nothing.
class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Samples belong to it from now on. Each name once; the texts outlive it.
  void counter(std::string_view name, std::string_view help) { begin(name, "counter", help); }
  void gauge(std::string_view name, std::string_view help) { begin(name, "gauge", help); }
  void add(Labels labels, double value);
  /// The families of another, behind those that are here.
  void add(const MetricsText& families) { text_ += families.text_; }
  /// A family of its own.
  void add(std::string_view name, std::string_view help, const Histogram& histogram);

  [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

 private:
  struct Family {
    std::string_view name;
    std::string_view type;
    std::string_view help;
  };
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view suffix, Labels labels, double value);
  void append(double value);
  void append_escaped(std::string_view value);

  std::string text_;
  Family family_{};
  bool begun_ = false;
};

}  // namespace tocsin::daemon
