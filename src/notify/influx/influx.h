// InfluxDB: a point for every service at every check, as Butler 16 writes them, so that dashboards
// made for it go on working.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/destinations/influx_db.h"
#include "notify/channel_deps.h"
#include "notify/destination.h"
#include "notify/http_channel.h"
#include "notify/http_policy.h"
#include "notify/influx/influx_api.h"
#include "notify/status.h"
#include "wire/influx_line.h"

namespace tocsin::notify {

/// Reports as points of the measurement `win_service_state`: the static tags, `host`,
/// `service_name`, `display_name`, `friendly_name`; the fields `state_num`, `state_text` and, where
/// the service's details are known, `startup_mode_num`, `startup_mode_text`. Numbers are floats.
class InfluxPoints {
 public:
  explicit InfluxPoints(std::span<const config::InfluxTag> tags);

  void append(const StatusReport& report, influx::Lines& lines) const;
  /// A point of another measurement, `tocsin_test`, which no dashboard shows.
  void append_test(Time at, influx::Lines& lines) const;

 private:
  enum class From : std::uint8_t { configuration, display_name, friendly_name, host, service_name };
  struct Tag {
    std::string name;
    From from;
    std::string value;  ///< of one from the configuration
  };
  std::vector<Tag> tags_;  ///< sorted by their names
};

class Influx final : public StatusSink {
 public:
  /// `deps.http` and `deps.clock` outlive this.
  Influx(config::InfluxDb settings, const ChannelDeps& deps);

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] Login login() const override { return login_; }
  /// Timestamps are fixed, so that what is written twice is there once. What is there no more, or
  /// not yet - the database, the bucket - is created. Whatever is not about the points themselves
  /// (a wrong address, missing rights) is RetryAfter, because it can be mended without us; an
  /// account or token that is not known is LoginRefused.
  net::awaitable<Written> write(std::span<const StatusReport> reports,
                                net::Deadline deadline) override;
  /// Writes a point of a measurement of its own, `tocsin_test`.
  net::awaitable<Answer> test(net::Deadline deadline) override;

 private:
  using Response = Result<net::HttpResponse>;
  enum class Creation : std::uint8_t { allowed, tried };
  /// What became of some points.
  struct Outcome {
    std::optional<Answer> later;  ///< RetryAfter or LoginRefused: nothing is known to be stored
    std::size_t refused = 0;
    std::string said;  ///< of those that are refused why, else the server's answer
    void add(Outcome other);
  };

  net::awaitable<Outcome> write_chunks(std::string lines, net::Deadline deadline);
  net::awaitable<Outcome> write_lines(std::string lines, Creation creation, net::Deadline deadline);
  net::awaitable<Outcome> write_halves(std::string lines, net::Deadline deadline);
  net::awaitable<Outcome> create_and_write(std::string lines, std::string missing,
                                           net::Deadline deadline);
  net::awaitable<std::optional<Answer>> prepare(net::Deadline deadline);
  net::awaitable<Answer> create(net::Deadline deadline);
  net::awaitable<Answer> create_bucket(net::Deadline deadline);
  net::awaitable<Response> post_lines(const std::string& lines, net::Deadline deadline);
  net::awaitable<Response> ask(std::string method, std::string path, std::string content_type,
                               std::string body, net::Deadline deadline);
  [[nodiscard]] Answer judge_creation(const Response& response) const;
  [[nodiscard]] Answer judge_later(const Response& response) const;
  [[nodiscard]] std::string about_account(const net::HttpResponse& response) const;
  [[nodiscard]] std::string in_words(const net::HttpResponse& response) const;
  [[nodiscard]] std::string in_words(int status, const std::string& error) const;

  config::InfluxDb settings_;
  std::string name_ = "InfluxDB";
  HttpTerms terms_;
  Login login_;
  UrlSecrets secrets_{""};
  InfluxPoints points_;
  HttpSender http_;
  const Clock& clock_;
  Policy policy_ = Policy::named;
  bool prepared_;
  std::size_t most_bytes_;  ///< of one request, before it is compressed
};

/// The sink that the configuration enables, if it does.
void add_channels(const config::InfluxDb& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
