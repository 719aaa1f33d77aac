// What a template costs: to start the engine, and to write a message.
#include <chrono>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "domain/alert.h"
#include "notify/built_in.h"
#include "notify/messages.h"
#include "render/templates.h"

namespace tocsin::notify {
namespace {

using render::Format;
using render::Template;

Alert an_alert() {
  Alert alert;
  alert.id = {"0190a0b0-7c4d-7000-8000-3f2a91d5c001"};
  alert.at = Time(std::chrono::seconds(1'764'000'000));
  alert.kind = TransitionKind::stopped;
  alert.host = HostName("db1");
  alert.service = ServiceName("MSSQL$INSTANCE");
  alert.friendly_name = "The database";
  alert.details = {.display_name = "SQL Server (INSTANCE)",
                   .start_mode = StartMode::automatic,
                   .executable_path = R"("C:\Program Files\Microsoft SQL Server\sqlservr.exe" -sX)",
                   .dependencies = {"KEYISO", "RpcSs"}};
  alert.status = {.state = ServiceState::stopped, .exit_code = 1067};
  alert.from = ServiceState::running;
  alert.to = ServiceState::stopped;
  alert.previous_since = alert.at - std::chrono::hours(30);
  alert.reason = "exit code 1067: the process terminated unexpectedly";
  return alert;
}

/// Until the first message: the engine, the template, and one rendering of it.
void start_the_engine(benchmark::State& state) {
  for (auto _ : state) {
    render::Templates templates;
    benchmark::DoNotOptimize(
        templates.render(Template::from_text(Format::text, "{{host}}"), R"({"host": "db1"})"));
  }
}
BENCHMARK(start_the_engine)->Unit(benchmark::kMillisecond);

void write(benchmark::State& state, std::string_view text, Format format) {
  Messages messages({{.id = "r", .link_text = "Runbook", .comment = "", .url = "https://x/y"}});
  const Alert alert = an_alert();
  const MessageTemplate source{
      .configured = {}, .name = {}, .built_in = Template::from_text(format, std::string(text))};
  for (auto _ : state) benchmark::DoNotOptimize(messages.write(source, messages.values(alert)));
}
BENCHMARK_CAPTURE(write, slack, built_in::kSlack, Format::json)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write, teams, built_in::kTeams, Format::json)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write, mail_html, built_in::kMailHtml, Format::html)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write, mail_text, built_in::kMailText, Format::text)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin::notify
