// RQueryServiceConfigEx, laid out by hand after [MS-SCMR] 2.2.22 and 2.2.52 to 2.2.54.
#include <gtest/gtest.h>

#include "wire/svcctl/messages.h"

namespace tocsin::svcctl {
namespace {

/// Two triggers: one that stops, without data; one that starts, with a subtype and two data items.
ndr::Writer two_triggers(std::uint32_t announced = 2) {
  ndr::Writer out;
  out.u32(8).u32(8).pointer();
  out.u32(announced).pointer().null();
  out.u32(2);
  out.u32(20).u32(ServiceTrigger::kStop).null().u32(0).null();
  out.u32(1).u32(ServiceTrigger::kStart).pointer().u32(2).pointer();
  out.bytes(Bytes(16, 0xAB));
  out.u32(2);
  out.u32(2).u32(3).pointer();
  out.u32(1).u32(0).null();
  out.byte_array(Bytes{1, 2, 3});
  out.u32(kSuccess);
  return out;
}

TEST(Triggers, AreReadWithAllThatTheyPointTo) {
  const auto response = parse<QueryServiceConfigExResponse>(two_triggers().take());
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(response->triggers, (std::vector<ServiceTrigger>{{20, ServiceTrigger::kStop},
                                                             {1, ServiceTrigger::kStart}}));
  EXPECT_EQ(response->return_value, kSuccess);
}

TEST(Triggers, ComeBackAsTheyWereWritten) {
  for (const auto& triggers :
       {std::vector<ServiceTrigger>{}, std::vector<ServiceTrigger>{{6, 1}, {20, 2}}}) {
    const auto again =
        parse<QueryServiceConfigExResponse>(encode(QueryServiceConfigExResponse{triggers, 0}));
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_EQ(again->triggers, triggers);
  }
  const auto refused =
      parse<QueryServiceConfigExResponse>(encode(QueryServiceConfigExResponse{{}, kInvalidLevel}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->return_value, kInvalidLevel);
}

TEST(Triggers, CountsThatDisagreeOrAreCutOffAreMalformed) {
  EXPECT_FALSE(parse<QueryServiceConfigExResponse>(two_triggers(3).take()));
  const auto whole = two_triggers().take();
  for (std::size_t size = 0; size < whole.size(); size += 4)
    EXPECT_FALSE(parse<QueryServiceConfigExResponse>(BytesView(whole).first(size))) << size;
}

}  // namespace
}  // namespace tocsin::svcctl
