#include "notify/influx/influx.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "base/text.h"
#include "wire/gzip.h"

namespace tocsin::notify {
namespace {

using config::InfluxVersion;

constexpr std::string_view kMeasurement = "win_service_state";
constexpr std::string_view kTestMeasurement = "tocsin_test";
/// A request with more than this is split: 10,000 to 20,000 points. Version 3 takes 10 MB.
constexpr std::size_t kMostBytes = std::size_t{4} << 20;
/// Smaller requests are not made, whatever the server says about their size.
constexpr std::size_t kFewestBytes = std::size_t{16} << 10;
/// Less is not worth compressing.
constexpr std::size_t kLeastCompressed = 1024;
constexpr std::size_t kMostReason = 300;
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kJson = "application/json";

/// After the line that ends last within `most` bytes, or else after the first.
std::size_t end_of_lines(std::string_view lines, std::size_t most) {
  if (lines.size() <= most) return lines.size();
  auto end = lines.rfind('\n', most - 1);
  if (end == std::string_view::npos) end = lines.find('\n');
  return end == std::string_view::npos ? lines.size() : end + 1;
}

std::size_t count_lines(std::string_view lines) {
  return static_cast<std::size_t>(std::ranges::count(lines, '\n'));
}

/// The key to correct when the server does not let us in.
std::string_view key_of_account(InfluxVersion version) {
  switch (version) {
    case InfluxVersion::v1:
      return "`auth` of `influxDb`";
    case InfluxVersion::v2:
      return "`influxDb.v2Config.token`";
    case InfluxVersion::v3:
      return "`influxDb.v3Config.token`";
  }
  return {};
}

Login login_of(const config::InfluxDb& settings, const ChannelDeps& deps) {
  const auto login = influx_login(settings);
  return login.login(login.is_none() ? deps.proxy.url.value_or("") : settings.url, deps);
}

}  // namespace

InfluxPoints::InfluxPoints(std::span<const config::InfluxTag> tags)
    : tags_{{"display_name", From::display_name, {}},
            {"friendly_name", From::friendly_name, {}},
            {"host", From::host, {}},
            {"service_name", From::service_name, {}}} {
  for (const auto& tag : tags) tags_.push_back({tag.name, From::configuration, tag.value});
  std::ranges::sort(tags_, {}, &Tag::name);
}

void InfluxPoints::append(const StatusReport& report, influx::Lines& lines) const {
  for (const auto& service : report.services) {
    const auto* details = service.details.get();
    const std::string& display = details == nullptr || details->display_name.empty()
                                     ? service.name.text()
                                     : details->display_name;
    const std::string& friendly = service.friendly_name.empty() ? display : service.friendly_name;
    lines.measurement(kMeasurement);
    for (const auto& tag : tags_) {
      switch (tag.from) {
        case From::configuration:
          lines.tag(tag.name, tag.value);
          break;
        case From::display_name:
          lines.tag(tag.name, display);
          break;
        case From::friendly_name:
          lines.tag(tag.name, friendly);
          break;
        case From::host:
          lines.tag(tag.name, report.host.text());
          break;
        case From::service_name:
          lines.tag(tag.name, service.name.text());
          break;
      }
    }
    lines.field("state_num", static_cast<int>(service.state));
    lines.field("state_text", to_string(service.state));
    if (details != nullptr) {
      lines.field("startup_mode_num", static_cast<int>(details->start_mode));
      lines.field("startup_mode_text", to_string(details->start_mode));
    }
    lines.end(report.at);
  }
}

void InfluxPoints::append_test(Time at, influx::Lines& lines) const {
  lines.measurement(kTestMeasurement);
  for (const auto& tag : tags_) {
    if (tag.from == From::configuration) lines.tag(tag.name, tag.value);
  }
  lines.field("written", 1);
  lines.end(at);
}

Influx::Influx(config::InfluxDb settings, const ChannelDeps& deps)
    : settings_(std::move(settings)),
      terms_{.logs_in = influx_login(settings_).logs_in(settings_.url), .success_text = ""},
      login_(login_of(settings_, deps)),
      points_(settings_.tags),
      http_(deps, {.ca_file = settings_.ca_file, .verify = settings_.reject_unauthorized},
            influx_login(settings_)),
      clock_(deps.clock),
      // Version 3 makes a missing database itself, and keeps its points for ever.
      prepared_(settings_.version != InfluxVersion::v3 || settings_.retention.count() == 0),
      most_bytes_(kMostBytes) {
  influx_login(settings_).hide_in(secrets_);
}

void Influx::Outcome::add(Outcome other) {
  if (other.later) later = std::move(other.later);
  if (said.empty() || other.refused > 0) said = std::move(other.said);
  refused += other.refused;
}

net::awaitable<StatusSink::Written> Influx::write(std::span<const StatusReport> reports,
                                                  net::Deadline deadline) {
  influx::Lines lines;
  for (const auto& report : reports) points_.append(report, lines);
  const auto count = lines.count();
  auto outcome = co_await write_chunks(std::move(lines).take(), deadline);
  if (outcome.later) co_return Written{.answer = *std::move(outcome.later)};
  if (count > 0 && outcome.refused >= count)
    co_return Written{.answer = Rejected{.reason = std::move(outcome.said)}};
  co_return Written{.answer = Delivered{.detail = std::move(outcome.said)},
                    .refused = outcome.refused};
}

net::awaitable<Answer> Influx::test(net::Deadline deadline) {
  influx::Lines lines;
  points_.append_test(clock_.now(), lines);
  auto outcome = co_await write_chunks(std::move(lines).take(), deadline);
  if (outcome.later) co_return *std::move(outcome.later);
  if (outcome.refused > 0) co_return Rejected{.reason = std::move(outcome.said)};
  if (policy_ == Policy::by_default)
    outcome.said += "; the database has no retention policy \"" +
                    printable(settings_.retention_policy) + "\", so points go to its default one";
  co_return Delivered{.detail = std::move(outcome.said)};
}

net::awaitable<Influx::Outcome> Influx::write_chunks(std::string lines, net::Deadline deadline) {
  Outcome outcome;
  if (auto later = co_await prepare(deadline)) {
    outcome.later = std::move(later);
    co_return outcome;
  }
  while (!lines.empty() && !outcome.later) {
    const auto end = end_of_lines(lines, most_bytes_);
    auto chunk = end == lines.size() ? std::exchange(lines, {}) : lines.substr(0, end);
    lines.erase(0, end);
    outcome.add(co_await write_lines(std::move(chunk), Creation::allowed, deadline));
  }
  co_return outcome;
}

net::awaitable<Influx::Outcome> Influx::write_lines(std::string lines, Creation creation,
                                                    net::Deadline deadline) {
  const auto response = co_await post_lines(lines, deadline);
  auto answer = judge(response, secrets_, terms_);
  if (auto* written = std::get_if<Delivered>(&answer))
    co_return Outcome{.said = std::move(written->detail)};
  if (response && response->status == 413)
    co_return co_await write_halves(std::move(lines), deadline);
  if (response) {
    if (const auto refusal = influx_refusal(*response)) {
      const auto count = count_lines(lines);
      co_return Outcome{.refused = std::min(refusal->points.value_or(count), count),
                        .said = in_words(response->status, refusal->reason)};
    }
    const auto error = influx_error(*response).value_or("");
    if (policy_ == Policy::named && error.contains("retention policy not found")) {
      policy_ = Policy::by_default;
      co_return co_await write_lines(std::move(lines), creation, deadline);
    }
    if (response->status == 404 && creation == Creation::allowed)
      co_return co_await create_and_write(std::move(lines), in_words(*response), deadline);
  }
  co_return Outcome{.later = judge_later(response)};
}

net::awaitable<Influx::Outcome> Influx::write_halves(std::string lines, net::Deadline deadline) {
  most_bytes_ = std::clamp(lines.size() / 2, kFewestBytes, most_bytes_);
  if (count_lines(lines) < 2)
    co_return Outcome{.refused = 1, .said = describe_status(413) + ": a single point is too large"};
  const auto end = end_of_lines(lines, lines.size() / 2);
  auto outcome = co_await write_lines(lines.substr(0, end), Creation::allowed, deadline);
  if (outcome.later) co_return outcome;
  outcome.add(co_await write_lines(lines.substr(end), Creation::allowed, deadline));
  co_return outcome;
}

net::awaitable<Influx::Outcome> Influx::create_and_write(std::string lines, std::string missing,
                                                         net::Deadline deadline) {
  const auto created = co_await create(deadline);
  if (std::holds_alternative<Delivered>(created)) {
    policy_ = Policy::named;
    co_return co_await write_lines(std::move(lines), Creation::tried, deadline);
  }
  if (std::holds_alternative<LoginRefused>(created)) co_return Outcome{.later = created};
  const auto* later = std::get_if<RetryAfter>(&created);
  co_return Outcome{
      .later = RetryAfter{
          .after = later != nullptr ? later->after : std::nullopt,
          .reason = std::move(missing) + "; it cannot be created: " +
                    (later != nullptr ? later->reason : std::get<Rejected>(created).reason)}};
}

/// Sees to it that the database is made as it is configured, where the server would make it
/// otherwise. Points are written even if it fails: the database may exist.
net::awaitable<std::optional<Answer>> Influx::prepare(net::Deadline deadline) {
  if (prepared_) co_return std::nullopt;
  auto answer = co_await create(deadline);
  const bool is_there = std::holds_alternative<Delivered>(answer);
  if (!is_there && !std::holds_alternative<Rejected>(answer)) co_return answer;
  prepared_ = true;
  co_return std::nullopt;
}

net::awaitable<Answer> Influx::create(net::Deadline deadline) {
  switch (settings_.version) {
    case InfluxVersion::v1:
      co_return judge_creation(
          co_await ask("POST", "/query", std::string(kForm),
                       "q=" + influx_encoded(influx_create_statement(settings_)), deadline));
    case InfluxVersion::v2:
      co_return co_await create_bucket(deadline);
    case InfluxVersion::v3:
      co_return judge_creation(co_await ask("POST", "/api/v3/configure/database",
                                            std::string(kJson), influx_database_body(settings_),
                                            deadline));
  }
  co_return Rejected{};
}

net::awaitable<Answer> Influx::create_bucket(net::Deadline deadline) {
  const auto found = co_await ask(
      "GET", "/api/v2/orgs?org=" + influx_encoded(settings_.organization), {}, {}, deadline);
  if (!std::holds_alternative<Delivered>(judge(found, secrets_, terms_)))
    co_return judge_creation(found);
  const auto id = influx_organization_id(found->body);
  if (!id)
    co_return Rejected{.reason = "the token sees no organization \"" +
                                 printable(settings_.organization) + "\""};
  co_return judge_creation(co_await ask("POST", "/api/v2/buckets", std::string(kJson),
                                        influx_bucket_body(settings_, *id), deadline));
}

net::awaitable<Influx::Response> Influx::post_lines(const std::string& lines,
                                                    net::Deadline deadline) {
  net::HttpRequest post{
      .method = "POST",
      .url = influx_write_url(settings_, policy_),
      .headers = {{"Accept", std::string(kJson)}, {"Content-Type", "text/plain; charset=utf-8"}}};
  if (lines.size() >= kLeastCompressed) {
    post.headers.emplace_back("Content-Encoding", "gzip");
    post.body = gzip(lines);
  } else {
    post.body = lines;
  }
  co_return co_await http_.send(std::move(post), deadline, settings_.write_limit);
}

net::awaitable<Influx::Response> Influx::ask(std::string method, std::string path,
                                             std::string content_type, std::string body,
                                             net::Deadline deadline) {
  net::HttpRequest question{.method = std::move(method),
                            .url = settings_.url + path,
                            .headers = {{"Accept", std::string(kJson)}}};
  if (!content_type.empty()) question.headers.emplace_back("Content-Type", std::move(content_type));
  question.body = std::move(body);
  co_return co_await http_.send(std::move(question), deadline, settings_.query_limit);
}

Answer Influx::judge_creation(const Response& response) const {
  auto answer = judge(response, secrets_, terms_);
  if (!response) return answer;
  // Somebody else has made it meanwhile: v2 says 422, v3 409.
  if (response->status == 409 || response->status == 422)
    return Delivered{.detail = in_words(*response)};
  if (std::holds_alternative<Delivered>(answer) && !influx_error(*response)) return answer;
  const auto* later = std::get_if<RetryAfter>(&answer);
  if (later != nullptr && !later->may_be_final) return answer;
  if (std::holds_alternative<LoginRefused>(answer)) return LoginRefused{about_account(*response)};
  return Rejected{.reason = in_words(*response)};
}

Answer Influx::judge_later(const Response& response) const {
  auto answer = judge(response, secrets_, terms_);
  if (!response) return answer;
  RetryAfter later;
  if (const auto* said = std::get_if<RetryAfter>(&answer)) later = *said;
  if (const auto* said = std::get_if<Rejected>(&answer)) later.reason = said->reason;
  if (std::holds_alternative<LoginRefused>(answer)) return LoginRefused{about_account(*response)};
  if (influx_error(*response)) later.reason = in_words(*response);
  if (response->status == 401 || response->status == 403) later.reason = about_account(*response);
  return later;
}

std::string Influx::about_account(const net::HttpResponse& response) const {
  return in_words(response) + "; nothing is written until " +
         std::string(key_of_account(settings_.version)) + " is right and may write to \"" +
         printable(settings_.database) + "\"";
}

std::string Influx::in_words(const net::HttpResponse& response) const {
  return in_words(response.status, influx_error(response).value_or(response.body));
}

std::string Influx::in_words(int status, const std::string& error) const {
  auto words = describe_status(status);
  if (!error.empty()) words += ": " + printable(secrets_.hide(error), kMostReason);
  return words;
}

void add_channels(const config::InfluxDb& settings, const ChannelDeps& deps, Destinations& to) {
  to.status.push_back(std::make_unique<Influx>(settings, deps));
}

}  // namespace tocsin::notify
