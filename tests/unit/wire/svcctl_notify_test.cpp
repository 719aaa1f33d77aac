// RNotifyServiceStatusChange, RGetNotifyResults and RCloseNotifyHandle: as Wine's service manager
// sent them, and laid out by hand after [MS-SCMR] 2.2.24, 2.2.43 and 2.2.44.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "wire/svcctl/notify.h"

namespace tocsin::svcctl {
namespace {

Bytes bytes_of(std::string_view hex) { return from_hex(hex).value(); }

constexpr std::string_view kServiceHandle = "000000003b6a0f196530a4498045195040d63d6b";
constexpr std::string_view kNotifyHandleHex = "000000005b198de2acbaa3459fc688b79b44541d";

Bytes zeros_between(std::string_view before, std::size_t count, std::string_view after) {
  auto bytes = bytes_of(before);
  bytes.resize(bytes.size() + count);
  const auto rest = bytes_of(after);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

/// What Wine answered about a service that had stopped.
Bytes stopped_service() {
  return zeros_between(
      "00000200 01000000 01000000  02000000 02000000 04000200  0000000000000000 7f000000", 32,
      "10000000 01000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
      "00000000 00000000 01000000 00000000  00000000");
}

TEST(SvcctlNotify, RegistersAsAnotherClientDid) {
  const auto stub = zeros_between(
      std::string(kServiceHandle) + "02000000 02000000 00000200 0000000000000000 7f000000",
      32 + 36 + 16, "00000000000000000000000000000000");
  ASSERT_EQ(stub.size(), 144U);
  const auto request = parse<NotifyServiceStatusChangeRequest>(stub);
  ASSERT_TRUE(request) << request.error().what;
  EXPECT_EQ(to_hex(request->handle), kServiceHandle);
  EXPECT_EQ(request->notify_mask, kNotifyEveryState);
  auto written = encode(*request);
  written.at(28) = 0;  // the referent is anybody's choice
  written.at(29) = 0;
  EXPECT_EQ(to_hex(written), to_hex(stub));
}

TEST(SvcctlNotify, ARegistrationIsAnsweredWithAHandle) {
  const auto stub = bytes_of("0000000000000000 582d1101 00000000 00000000" +
                             std::string(kNotifyHandleHex) + "00000000");
  const auto response = parse<NotifyServiceStatusChangeResponse>(stub);
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(to_hex(response->notify), kNotifyHandleHex);
  EXPECT_EQ(response->return_value, kSuccess);
  EXPECT_EQ(encode(*response).size(), stub.size());
}

TEST(SvcctlNotify, ResultsSayWhatHappened) {
  const auto stopped = parse<GetNotifyResultsResponse>(stopped_service());
  ASSERT_TRUE(stopped) << stopped.error().what;
  EXPECT_EQ(stopped->return_value, kSuccess);
  EXPECT_EQ(stopped->notifications,
            (std::vector<StatusNotification>{
                {.notify_mask = kNotifyEveryState,
                 .status = {{.service_type = kWin32OwnProcess, .current_state = kStopped}},
                 .triggered = notify_bit(kStopped)}}));

  auto starting = stopped_service();
  starting.at(68 + 4) = kStartPending;
  starting.at(68 + 28) = 0xd0;
  starting.at(68 + 29) = 0x12;
  starting.at(68 + 44) = 2;
  const auto answer = parse<GetNotifyResultsResponse>(starting);
  ASSERT_TRUE(answer) << answer.error().what;
  ASSERT_EQ(answer->notifications.size(), 1U);
  EXPECT_EQ(answer->notifications[0].status.current_state, kStartPending);
  EXPECT_EQ(answer->notifications[0].status.process_id, 0x12d0U);
  EXPECT_EQ(answer->notifications[0].triggered, notify_bit(kStartPending));
  EXPECT_EQ(encode(*answer).size(), starting.size());
}

TEST(SvcctlNotify, ClosingHasAnAnswerOfItsOwn) {
  const auto stub = bytes_of(std::string(kNotifyHandleHex) + "00000000 00000000");
  const auto response = parse<CloseNotifyHandleResponse>(stub);
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_EQ(to_hex(response->notify), kNotifyHandleHex);
  EXPECT_EQ(encode(*response), stub);
  const auto request = parse<CloseNotifyHandleRequest>(bytes_of(kNotifyHandleHex));
  ASSERT_TRUE(request);
  EXPECT_EQ(encode(*request), bytes_of(kNotifyHandleHex));
  EXPECT_EQ(encode(GetNotifyResultsRequest{.notify = request->notify}), encode(*request));
}

TEST(SvcctlNotify, ComesBackAsItWasWritten) {
  const StatusNotification running{
      .notify_mask = kNotifyEveryState,
      .status = {{.service_type = kWin32ShareProcess, .current_state = kRunning}, 42},
      .triggered = notify_bit(kRunning)};
  const StatusNotification created{.notify_mask = kNotifyCreated | kNotifyDeleted,
                                   .triggered = kNotifyCreated,
                                   .has_names = true};
  const StatusNotification void_one{.notification_status = kServiceMarkedForDelete};
  for (const auto& all : {std::vector<StatusNotification>{},
                          {running},
                          {created, running},
                          {created, created, void_one, running}}) {
    const auto again = parse<GetNotifyResultsResponse>(encode(GetNotifyResultsResponse{all, 0}));
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_EQ(again->notifications, all);
  }
  const auto closed =
      parse<GetNotifyResultsResponse>(encode(GetNotifyResultsResponse{{}, kInvalidHandle}));
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->return_value, kInvalidHandle);
}

/// `units` zeros of names behind one notification, whose count says `announced`.
Bytes with_names(std::uint32_t units, std::uint32_t announced) {
  auto before = stopped_service();
  before.resize(before.size() - 8);
  ndr::Writer out;
  out.bytes(before).pointer().u32(announced).u32(0).u32(announced).bytes(
      Bytes(std::size_t{2} * units));
  out.u32(kSuccess);
  return std::move(out).take();
}

TEST(SvcctlNotify, NamesAreSkippedWhateverTheyAre) {
  for (const std::uint32_t units : {0U, 1U, 7U, 64U * 1024U}) {
    const auto response = parse<GetNotifyResultsResponse>(with_names(units, units));
    ASSERT_TRUE(response) << units;
    EXPECT_TRUE(response->notifications.at(0).has_names);
    EXPECT_EQ(response->return_value, kSuccess);
  }
  EXPECT_FALSE(parse<GetNotifyResultsResponse>(with_names(64 * 1024 + 1, 64 * 1024 + 1)));
  EXPECT_FALSE(parse<GetNotifyResultsResponse>(with_names(8, 0xffffffff)));
}

/// Level 1 of both, without what triggered it and without names; and an element without content.
TEST(SvcctlNotify, TheFirstLevelIsReadToo) {
  ndr::Writer out;
  out.pointer().u32(3).u32(3);
  out.u32(1).u32(1).pointer().u32(2).u32(2).null().u32(1).u32(1).pointer();
  const ServiceStatusProcess paused{{.current_state = kPaused}, 7};
  for (int i = 0; i < 2; i++) {
    out.u64(0).u32(kNotifyEveryState).bytes(Bytes(32));
    out(paused);
    out.u32(kSuccess).u32(0);
  }
  out.u32(kSuccess);
  const auto response = parse<GetNotifyResultsResponse>(std::move(out).take());
  ASSERT_TRUE(response) << response.error().what;
  const StatusNotification expected{.notify_mask = kNotifyEveryState, .status = paused};
  EXPECT_EQ(response->notifications, (std::vector<StatusNotification>{expected, expected}));

  const auto request = parse<NotifyServiceStatusChangeRequest>(zeros_between(
      std::string(kServiceHandle) + "01000000 01000000 00000200 0000000000000000 08000000",
      32 + 36 + 8 + 16, ""));
  ASSERT_TRUE(request) << request.error().what;
  EXPECT_EQ(request->notify_mask, notify_bit(kRunning));
}

TEST(SvcctlNotify, RefusesWhatContradictsItselfOrIsCutOff) {
  const auto whole = stopped_service();
  for (std::size_t size = 0; size < whole.size(); size += 4)
    EXPECT_FALSE(parse<GetNotifyResultsResponse>(BytesView(whole).first(size))) << size;
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    auto bytes = whole;
    bytes.at(at) = value;
    return parse<GetNotifyResultsResponse>(bytes).has_value();
  };
  EXPECT_TRUE(changed(0, 4)) << "another referent";
  EXPECT_FALSE(changed(4, 2)) << "room for two, one element";
  EXPECT_FALSE(changed(8, 2)) << "two elements, room for one";
  EXPECT_FALSE(changed(12, 1)) << "two levels of one element";
  EXPECT_FALSE(changed(16, 3)) << "an unknown level";

  ndr::Writer many;
  many.pointer().u32(4097).u32(4097);
  for (int i = 0; i < 4097; i++) many.u32(2).u32(2).null();
  many.u32(kSuccess);
  EXPECT_FALSE(parse<GetNotifyResultsResponse>(std::move(many).take()));

  auto request = encode(NotifyServiceStatusChangeRequest{});
  EXPECT_TRUE(parse<NotifyServiceStatusChangeRequest>(request));
  for (std::size_t size = 0; size < request.size(); size += 4)
    EXPECT_FALSE(parse<NotifyServiceStatusChangeRequest>(BytesView(request).first(size))) << size;
  for (std::size_t i = 28; i < 32; i++) request.at(i) = 0;
  EXPECT_FALSE(parse<NotifyServiceStatusChangeRequest>(request)) << "points to nothing";
}

}  // namespace
}  // namespace tocsin::svcctl
