#include "wire/svcctl/details.h"

#include <algorithm>
#include <utility>

namespace tocsin::svcctl {
namespace {

template <typename T>
void note_error(DetailsBatch::Service& service, const Result<T>& answer) {
  if (!answer && !service.error) service.error = answer.error();
}

}  // namespace

DetailsBatch::DetailsBatch(Client& scm, const std::vector<std::string>& names,
                           std::vector<Question> skipped)
    : scm_(scm), skipped_(std::move(skipped)) {
  services_.reserve(names.size());
  for (const auto& name : names) services_.push_back({.name = name});
}

bool DetailsBatch::skips(Question question) const {
  return std::ranges::find(skipped_, question) != skipped_.end();
}

Conversation<Result<>> DetailsBatch::read(Port& port) {
  std::vector<Conversation<bool>> all_of_them;
  all_of_them.reserve(services_.size());
  for (auto& service : services_) all_of_them.push_back(read(port, service));
  (void)co_await all(std::move(all_of_them));
  co_return Result<>{};
}

Conversation<bool> DetailsBatch::read(Port& port, Service& service) {
  const auto handle = co_await scm_.open_service(port, service.name);
  note_error(service, handle);
  if (handle) {
    (void)co_await read(port, service, *handle);
    // The host may have closed it itself; that is as good.
    (void)co_await scm_.close(port, *handle);
  }
  service.asking.reset();
  co_return true;
}

Conversation<bool> DetailsBatch::read(Port& port, Service& service, Handle handle) {
  auto configuration = co_await scm_.query_config(port, handle);
  note_error(service, configuration);
  if (!configuration) co_return false;
  service.configuration = *std::move(configuration);

  // Both at the same time: each step is a round trip.
  std::vector<Conversation<bool>> steps;
  steps.reserve(2);
  service.asking = Question::start_trigger;
  if (service.configuration->start_type == kAutoStart && !skips(Question::delayed_start)) {
    service.asking = Question::delayed_start;
    steps.push_back(read_delayed_start(port, service, handle));
  }
  if (!skips(Question::start_trigger)) steps.push_back(read_trigger(port, service, handle));
  (void)co_await all(std::move(steps));
  service.asking = Question::configuration;
  co_return true;
}

Conversation<bool> DetailsBatch::read_delayed_start(Port& port, Service& service, Handle handle) {
  const auto delayed = co_await scm_.query_delayed_start(port, handle);
  note_error(service, delayed);
  service.delayed_start = delayed.value_or(false);
  service.asking = Question::start_trigger;
  co_return true;
}

Conversation<bool> DetailsBatch::read_trigger(Port& port, Service& service, Handle handle) {
  const auto triggered = co_await scm_.query_start_trigger(port, handle);
  note_error(service, triggered);
  service.start_trigger = triggered.value_or(false);
  co_return true;
}

}  // namespace tocsin::svcctl
