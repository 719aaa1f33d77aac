#include "probe/scm/errors.h"

#include <gmock/gmock.h>

namespace tocsin::probe::scm {
namespace {

using testing::HasSubstr;

struct Case {
  std::uint32_t code;
  ErrorKind kind;
  const char* says;
};

TEST(Explain, EachErrorHasItsKindAndWhatToDo) {
  for (const auto& [code, kind, says] : {
           Case{5, ErrorKind::denied, "sc.exe sdset"},
           Case{1326, ErrorKind::denied, "source: smb"},
           Case{1060, ErrorKind::not_found, "no such service"},
           Case{11001, ErrorKind::not_found, "no such host name"},
           Case{1722, ErrorKind::unreachable, "firewall"},
           Case{53, ErrorKind::unreachable, "TCP 445"},
           Case{1115, ErrorKind::unreachable, "the host is shutting down"},
           Case{1726, ErrorKind::unreachable, "broke"},
           Case{1460, ErrorKind::timed_out, "no answer in time"},
           Case{13, ErrorKind::malformed, "the answer is malformed"},
           Case{50, ErrorKind::unsupported, "does not support"},
           Case{4242, ErrorKind::rejected, "refuses"},
       }) {
    const auto error = explain(code, "listing the services", "node7");
    EXPECT_EQ(error.kind, kind) << code;
    EXPECT_THAT(error.what, HasSubstr(says));
    EXPECT_THAT(error.what, testing::StartsWith("listing the services: "));
    EXPECT_THAT(error.what, testing::EndsWith("(error " + std::to_string(code) + ")"));
    EXPECT_EQ(error.native, code);
  }
}

TEST(Explain, OfThisMachineNothingIsSaidOfNetworks) {
  for (const auto code : {5U, 1722U, 1115U})
    EXPECT_THAT(explain(code, "x", "").what,
                testing::Not(testing::AnyOf(HasSubstr("the host"), HasSubstr("firewall"))));
}

TEST(Explain, TheManagersOwnErrorIsNoServices) {
  for (const auto code : {5U, 1060U, 123U, 1072U}) EXPECT_TRUE(is_about_service(code)) << code;
  for (const auto code : {6U, 13U, 53U, 1115U, 1722U, 1726U, 4242U})
    EXPECT_FALSE(is_about_service(code)) << code;
}

}  // namespace
}  // namespace tocsin::probe::scm
