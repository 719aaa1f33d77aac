// What a service manager knows of services besides their states, asked for many at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wire/conversation.h"
#include "wire/svcctl/client.h"

namespace tocsin::svcctl {

class DetailsBatch {
 public:
  /// The most services that are asked about at a time.
  static constexpr std::size_t kLargest = 256;
  enum class Question : std::uint8_t { configuration, delayed_start, start_trigger };

  struct Service {
    std::string name;  ///< the key name
    std::optional<QueryServiceConfig> configuration{};
    bool delayed_start = false;  ///< what the host does not tell is not so
    bool start_trigger = false;
    std::optional<Error> error{};  ///< the first one
    /// What waits for an answer; nothing: it is done.
    std::optional<Question> asking = Question::configuration;
  };

  /// `scm` must stay where it is. Questions in `skipped` are not asked.
  DetailsBatch(Client& scm, const std::vector<std::string>& names,
               std::vector<Question> skipped = {});
  DetailsBatch(const DetailsBatch&) = delete;
  DetailsBatch& operator=(const DetailsBatch&) = delete;

  /// Opens, asks and closes all services at the same time, as far as `scm` multiplexes and credits
  /// reach. Where it is abandoned, services() says how far it came.
  Conversation<Result<>> read(Port& port);
  [[nodiscard]] std::span<const Service> services() const { return services_; }

 private:
  Conversation<bool> read(Port& port, Service& service);
  Conversation<bool> read(Port& port, Service& service, Handle handle);
  Conversation<bool> read_delayed_start(Port& port, Service& service, Handle handle);
  Conversation<bool> read_trigger(Port& port, Service& service, Handle handle);
  [[nodiscard]] bool skips(Question question) const;

  Client& scm_;
  std::vector<Service> services_;
  std::vector<Question> skipped_;
};

}  // namespace tocsin::svcctl
