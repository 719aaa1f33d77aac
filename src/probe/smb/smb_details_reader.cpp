#include "probe/smb/smb_details_reader.h"

#include <algorithm>

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
