// What every channel over HTTP must do, whatever it sends: instantiate ChannelConformance with it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "kit/certificates.h"
#include "kit/http_imposter.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "notify/channel.h"
#include "notify/channel_deps.h"

namespace tocsin::kit {

/// Stands in every part of the URL that may be secret, and must never be said by a channel. What
/// else a channel keeps secret (a token, a key) is made of it too.
constexpr const char* kSecret = "s3cret";

struct ChannelSite {
  std::string url;      ///< with user, password, path and query
  std::string ca_file;  ///< empty: the system's certificates
  bool verify = true;
};

struct ConformingChannel {
  std::string name;  ///< of the test
  /// Speaks to the site, or to something below it. `means` trust what the site trusts.
  std::function<std::unique_ptr<notify::Channel>(const ChannelSite&,
                                                 const notify::ChannelDeps& deps)>
      make;
  /// How long it waits after a 429 that names no time; nothing: that is left to the backoff.
  std::optional<std::chrono::seconds> patience{};
  /// Whether it logs in, at least with the user in the URL of the site.
  bool logs_in = false;
  /// notify::HttpTerms: what a success says besides JSON; nothing: the status line alone counts.
  std::optional<std::string> success_text{};
  /// Its own last word besides 400, 410, 413 and 422.
  int final_status = 0;
};

class ChannelConformance : public testing::TestWithParam<ConformingChannel> {
 public:
  /// The last argument of INSTANTIATE_TEST_SUITE_P. (It is also what makes the linker take the
  /// tests out of the kit's library.)
  static std::string name_of(const testing::TestParamInfo<ConformingChannel>& channel);

 protected:
  ChannelConformance();
  ~ChannelConformance() override;

  /// Sends one alert to the imposter; whatever the answer, it holds no secret.
  notify::Answer deliver(const HttpImposter& imposter);
  notify::Answer deliver(const HttpImposter& imposter, const std::string& ca_file, bool verify);
  [[nodiscard]] std::unique_ptr<notify::Channel> make(const ChannelSite& site);
  /// The same, to an imposter that answers like this.
  notify::Answer answer_to(HttpReply reply);

  net::Loop loop_;
  net::HttpClient client_{loop_.executor()};
  notify::Messages messages_;
  SystemClock clock_;
  logins::Logins logins_{{.executor = loop_.executor(), .clock = clock_, .random = {}}};

 private:
  notify::Answer deliver(const ChannelSite& site);
};

}  // namespace tocsin::kit
