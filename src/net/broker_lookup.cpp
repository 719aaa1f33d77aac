#include "net/broker_lookup.h"

#include <mutex>
#include <utility>

#include "net/resolver.h"

namespace tocsin::net {

/// All that a thread that hangs keeps.
struct BrokerLookup::Question {
  std::mutex mutex;
  std::optional<Result<Addresses>> answer;
};

BrokerLookup::BrokerLookup(std::string host, std::shared_ptr<Poller> poller)
    : host_(std::move(host)), poller_(std::move(poller)) {}

BrokerLookup::~BrokerLookup() {
  if (question_) names_.abandon(ticket_);
}

void BrokerLookup::begin() {
  question_ = std::make_shared<Question>();
  ticket_ = names_.submit([question = question_, host = host_, poller = poller_] {
    auto answer = resolve_now(host);
    {
      const std::lock_guard lock(question->mutex);
      question->answer = std::move(answer);
    }
    poller->wake();
  });
}

std::optional<Result<BrokerLookup::Addresses>> BrokerLookup::take() {
  if (!question_) return std::nullopt;
  std::optional<Result<Addresses>> answer;
  {
    const std::lock_guard lock(question_->mutex);
    answer = std::move(question_->answer);
  }
  if (!answer) return std::nullopt;
  return conclude(*std::move(answer));
}

Result<BrokerLookup::Addresses> BrokerLookup::give_up() {
  names_.abandon(ticket_);
  return conclude(fail(ErrorKind::timed_out, host_ + ": the name server does not answer"));
}

Result<BrokerLookup::Addresses> BrokerLookup::conclude(Result<Addresses> answer) {
  question_.reset();
  if (answer) {
    known_ = *answer;
    return answer;
  }
  if (answer.error().kind == ErrorKind::not_found) known_.clear();
  if (!known_.empty()) return known_;
  return answer;
}

}  // namespace tocsin::net
