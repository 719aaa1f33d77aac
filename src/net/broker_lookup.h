// The addresses of a broker, looked up on a thread that may hang and is then left to itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/poller.h"
#include "net/thread_pool.h"

namespace tocsin::net {

/// On one thread only. The last addresses found are good until the name is gone.
class BrokerLookup {
 public:
  using Addresses = std::vector<std::string>;

  /// `poller` is woken when take() has an answer.
  BrokerLookup(std::string host, std::shared_ptr<Poller> poller);
  /// Abandons a question that is open.
  ~BrokerLookup();
  BrokerLookup(const BrokerLookup&) = delete;
  BrokerLookup& operator=(const BrokerLookup&) = delete;

  void begin();
  [[nodiscard]] bool is_under_way() const { return question_ != nullptr; }
  /// The answer to the question that is open; nothing while there is none.
  [[nodiscard]] std::optional<Result<Addresses>> take();
  /// Gives the question up: the last addresses. timed_out: there are none.
  [[nodiscard]] Result<Addresses> give_up();

 private:
  struct Question;
  [[nodiscard]] Result<Addresses> conclude(Result<Addresses> answer);

  const std::string host_;
  /// Shared with questions, which may outlive this.
  const std::shared_ptr<Poller> poller_;
  std::shared_ptr<Question> question_;
  ThreadPool::Ticket ticket_;
  Addresses known_;
  ThreadPool names_{"mqtt-names", 1};
};

}  // namespace tocsin::net
