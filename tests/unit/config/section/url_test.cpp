#include "config/section/url.h"

#include <string>

#include <gmock/gmock.h>

namespace tocsin::config {
namespace {

TEST(HttpUrl, IsAccepted) {
  for (const auto* url :
       {"http://a", "https://a.example/b?c=d&e=%20#f", "HTTP://A:1", "https://user:pass@a:65535/",
        "https://[::1]/", "https://[fe80::1]:8443?x", "https://a?b=http://c:d",
        "https://bücher.example"})
    EXPECT_EQ(check_http_url(url), std::nullopt) << url;
}

TEST(HttpUrl, IsRefusedWithWhatItMustBe) {
  constexpr auto kScheme = "must begin with http:// or https://";
  constexpr auto kHost = "has no host name";
  constexpr auto kPort = "must have a port from 1 to 65535 after its host name";
  constexpr auto kCharacters = "must not contain spaces, control characters or any of \"<>\\^`{|}";
  const std::pair<std::string, std::string> table[] = {
      {"", kScheme},
      {"a.example", kScheme},
      {"ftp://a", kScheme},
      {"http:/a", kScheme},
      {"file:///etc/passwd", kScheme},
      {"http://", kHost},
      {"http:///x", kHost},
      {"http://user@/x", kHost},
      {"http://:80", kHost},
      {"http://[]", kHost},
      {"http://[::1", "has a `[` without a `]` in its host"},
      {"http://a:", kPort},
      {"http://a:0", kPort},
      {"http://a:65536", kPort},
      {"http://a:port/x", kPort},
      {"http://[::1]80", kPort},
      {"http://a b", kCharacters},
      {"http://a\n", kCharacters},
      {"http://a/{x}", kCharacters},
  };
  for (const auto& [url, mistake] : table) EXPECT_EQ(check_http_url(url), mistake) << url;
}

}  // namespace
}  // namespace tocsin::config
