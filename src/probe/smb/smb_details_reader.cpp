#include "probe/smb/smb_details_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "probe/scm_terms.h"

namespace tocsin::probe {

ServiceDetails SmbDetailsReader::to_details(svcctl::QueryServiceConfig config, Extras extras) {
  return {.display_name = std::move(config.display_name),
          .start_mode = to_start_mode(config.start_type, extras.delayed),
          .executable_path = std::move(config.binary_path_name),
          .dependencies = config.dependency_names(),
          .type = config.service_type & ~svcctl::kInteractiveProcess,
          .trigger_start = extras.trigger_start};
}

template <typename Asked>
auto SmbDetailsReader::ask(Question question, Asked asked, net::Deadline deadline)
    -> decltype(asked(deadline)) {
  const auto until = std::min(deadline, net::within(limits_.question));
  auto answer = co_await asked(until);
  // One that was cut short by the deadline may be a good one.
  if (!answer && answer.error().kind == ErrorKind::timed_out && until < deadline)
    hung_until_[std::to_underlying(question)] = net::within(limits_.pause);
  co_return answer;
}

net::awaitable<Result<std::optional<ServiceDetails>>> SmbDetailsReader::read(
    ServiceName name, net::Deadline deadline) {
  const auto end = [this](const Error& error) -> Result<std::optional<ServiceDetails>> {
    if (!is_about_service(error)) lose_(error);
    if (is_shutdown(error)) return std::unexpected(shutdown_error());
    return std::nullopt;
  };
  const auto handle = co_await ask(
      Question::configuration,
      [&](net::Deadline until) { return session_->open_service(name.text(), until); }, deadline);
  if (!handle) co_return end(handle.error());
  auto config = co_await ask(
      Question::configuration,
      [&](net::Deadline until) { return session_->query_config(*handle, until); }, deadline);
  if (!config && !is_about_service(config.error())) co_return end(config.error());
  std::optional<ServiceDetails> details;
  if (config) {
    const bool automatic = config->start_type == svcctl::kAutoStart;
    CO_TRY(const auto extras, co_await read_extras(*handle, automatic, deadline));
    details = to_details(*std::move(config), extras);
  }
  if (session_) {
    const auto closed = co_await ask(
        Question::configuration,
        [&](net::Deadline until) { return session_->close_service(*handle, until); }, deadline);
    if (!closed && !end(closed.error())) co_return std::unexpected(shutdown_error());
  }
  co_return details;
}

net::awaitable<Result<std::size_t>> SmbDetailsReader::read_batch(
    std::span<const ServiceName> services, const Learn& learn, net::Deadline deadline) {
  services = services.first(std::min(services.size(), batch_size_));
  if (services.size() < kSmallestBatch || !session_) co_return 0;
  const auto scm = co_await session_->batches(deadline);
  if (!scm) {
    if (scm.error().kind == ErrorKind::timed_out) batch_size_ = 0;
    co_return end_batch(scm.error());
  }
  if (*scm == nullptr) co_return 0;

  std::vector<std::string> names;
  names.reserve(services.size());
  for (const auto& name : services) names.push_back(name.text());
  std::vector<Question> skipped;
  for (const auto question : {Question::delayed_start, Question::start_trigger})
    if (hangs(question)) skipped.push_back(question);
  svcctl::DetailsBatch batch(**scm, names, skipped);
  const auto read = co_await session_->read_batch(batch, limits_.question, deadline);
  if (!read && read.error().kind == ErrorKind::timed_out) note_late(batch, deadline);

  std::optional<Error> lost;
  if (!read) lost = read.error();
  for (std::size_t i = 0; i < services.size(); i++) {
    const auto& service = batch.services()[i];
    if (!lost && service.error && !is_about_service(*service.error)) lost = service.error;
    std::optional<ServiceDetails> details;
    if (service.configuration)
      details = to_details(*service.configuration, {.delayed = service.delayed_start,
                                                    .trigger_start = service.start_trigger});
    // What was not asked for, or in vain, is asked for again.
    if (details || !service.asking) learn(i, std::move(details));
  }
  if (lost) {
    CO_TRY(end_batch(*lost));
  }
  co_return services.size();
}

/// A question hangs when nothing came at all; else there was only too little time.
void SmbDetailsReader::note_late(const svcctl::DetailsBatch& batch, net::Deadline deadline) {
  if (net::MonotonicClock::now() >= deadline) {
    batch_size_ = std::max(kSmallestBatch, batch.services().size() / 2);
    return;
  }
  for (const auto& service : batch.services())
    if (service.asking)
      hung_until_[std::to_underlying(*service.asking)] = net::within(limits_.pause);
}

Result<std::size_t> SmbDetailsReader::end_batch(const Error& error) {
  lose_(error);
  if (is_shutdown(error)) return std::unexpected(shutdown_error());
  return 0;
}

/// What the host does not tell is not so.
net::awaitable<Result<SmbDetailsReader::Extras>> SmbDetailsReader::read_extras(
    svcctl::Handle handle, bool automatic, net::Deadline deadline) {
  Extras extras;
  if (automatic) {
    CO_TRY(const auto delayed, co_await read_extra(Question::delayed_start, handle, deadline));
    extras.delayed = delayed;
  }
  CO_TRY(const auto triggered, co_await read_extra(Question::start_trigger, handle, deadline));
  extras.trigger_start = triggered;
  co_return extras;
}

net::awaitable<Result<bool>> SmbDetailsReader::read_extra(Question question, svcctl::Handle handle,
                                                          net::Deadline deadline) {
  if (!session_ || hangs(question)) co_return false;
  const auto answer = co_await ask(
      question,
      [&](net::Deadline until) {
        return question == Question::delayed_start ? session_->query_delayed_start(handle, until)
                                                   : session_->query_start_trigger(handle, until);
      },
      deadline);
  if (answer || is_about_service(answer.error())) co_return answer.value_or(false);
  lose_(answer.error());
  if (is_shutdown(answer.error())) co_return std::unexpected(shutdown_error());
  co_return false;
}

}  // namespace tocsin::probe
