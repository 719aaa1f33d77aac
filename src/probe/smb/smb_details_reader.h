// Details of services, read over the session of a probe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/names.h"
#include "domain/service.h"
#include "net/async.h"
#include "probe/details_cache.h"
#include "probe/smb/smb_session.h"
#include "wire/svcctl/details.h"

namespace tocsin::probe {

/// Waits for no answer longer than its limit, and does not repeat a question that hung.
class SmbDetailsReader {
 public:
  using Lose = std::function<void(const Error&)>;
  /// `session` outlives it and is null where there is none; `lose` makes it so.
  SmbDetailsReader(const DetailsLimits& limits, std::unique_ptr<SmbSession>& session, Lose lose)
      : limits_(limits), session_(session), lose_(std::move(lose)) {}

  /// Nothing: the host does not let us read them, or the session is lost. Fails only when the host
  /// is going down.
  net::awaitable<Result<std::optional<ServiceDetails>>> read(ServiceName name,
                                                             net::Deadline deadline);
  /// Reads those of as many services as may be asked for at a time, the first ones of `services`,
  /// and gives them to `learn` by their index; answers how many. 0: they must be asked for one by
  /// one. Fails, and leaves details out, as read().
  using Learn = std::function<void(std::size_t index, std::optional<ServiceDetails> details)>;
  net::awaitable<Result<std::size_t>> read_batch(std::span<const ServiceName> services,
                                                 const Learn& learn, net::Deadline deadline);
  /// Whether the host does not answer what read() must ask.
  [[nodiscard]] bool hangs() const { return hangs(Question::configuration); }
  /// Lets every question be asked again.
  void forget_hung() { hung_until_ = {}; }

 private:
  using Question = svcctl::DetailsBatch::Question;
  /// Fewer are not worth a pipe of their own: it takes three round trips.
  static constexpr std::size_t kSmallestBatch = 4;

  /// What QueryServiceConfig does not say.
  struct Extras {
    bool delayed = false;
    bool trigger_start = false;
  };

  void note_late(const svcctl::DetailsBatch& batch, net::Deadline deadline);
  /// The session is lost; fails when the host is going down.
  Result<std::size_t> end_batch(const Error& error);
  static ServiceDetails to_details(svcctl::QueryServiceConfig config, Extras extras);
  net::awaitable<Result<Extras>> read_extras(svcctl::Handle handle, bool automatic,
                                             net::Deadline deadline);
  net::awaitable<Result<bool>> read_extra(Question question, svcctl::Handle handle,
                                          net::Deadline deadline);
  /// Notes which question hung.
  template <typename Asked>
  auto ask(Question question, Asked asked, net::Deadline deadline) -> decltype(asked(deadline));
  [[nodiscard]] bool hangs(Question question) const {
    return net::MonotonicClock::now() < hung_until_[std::to_underlying(question)];
  }

  const DetailsLimits limits_;
  std::unique_ptr<SmbSession>& session_;
  const Lose lose_;
  std::array<net::Deadline, 3> hung_until_{};  ///< by question
  /// Halved whenever a batch was not done in time, so that the next one gets ahead.
  std::size_t batch_size_ =
      svcctl::DetailsBatch::kLargest;  ///< 0: the host does not even open a pipe for it
};

}  // namespace tocsin::probe
