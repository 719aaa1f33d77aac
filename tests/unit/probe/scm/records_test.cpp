// Buffers as Win32 leaves them, right and wrong ones, on every platform.
#include "probe/scm/records.h"

#include <gmock/gmock.h>

#include "base/text.h"

namespace tocsin::probe::scm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kAddress = 0x7FF6'1234'5678;

void append_text(Writer& out, std::string_view text) { out.bytes(to_utf16(text)).u16(0); }

std::uint32_t error_of(const Win32Result<std::vector<ListedService>>& result) {
  return result ? svcctl::kSuccess : result.error();
}

/// Records first, texts behind them, as EnumServicesStatusExW does.
Bytes list_of(const std::vector<std::string>& names, std::uint64_t address = kAddress) {
  Writer records;
  Writer texts;
  const auto texts_begin = names.size() * 56;
  for (std::uint32_t i = 0; i < names.size(); i++) {
    records.u64(address + texts_begin + texts.size());
    append_text(texts, names[i]);
    records.u64(address + texts_begin + texts.size());
    append_text(texts, names[i] + " display");
    for (const std::uint32_t field : {0x10U, 4U, 1U, 0U, 0U, 0U, 0U, 100 + i, 0U, 0U})
      records.u32(field);
  }
  records.bytes(texts.view());
  return std::move(records).take();
}

TEST(ReadList, FollowsThePointersIntoTheBuffer) {
  const auto list = read_list(list_of({"Spooler", "MSSQL$Ünïcode & Co"}), kAddress, 2);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ((*list)[0].name, "Spooler");
  EXPECT_EQ((*list)[1].name, "MSSQL$Ünïcode & Co");
  EXPECT_EQ((*list)[1].display_name, "MSSQL$Ünïcode & Co display");
  EXPECT_EQ((*list)[0].status.service_type, 0x10U);
  EXPECT_EQ((*list)[0].status.current_state, svcctl::kRunning);
  EXPECT_EQ((*list)[0].status.controls_accepted, svcctl::kAcceptStop);
  EXPECT_EQ((*list)[1].status.process_id, 101U);
}

TEST(ReadList, RefusesWhatLeadsOutOfTheBuffer) {
  const auto good = list_of({"Spooler"});
  EXPECT_EQ(error_of(read_list(good, kAddress, 2)), kInvalidData);
  EXPECT_EQ(error_of(read_list(good, kAddress + 1'000'000, 1)), kInvalidData);
  EXPECT_EQ(error_of(read_list(good, kAddress - good.size(), 1)), kInvalidData);
  // The last text without its end.
  EXPECT_EQ(error_of(read_list(BytesView(good).first(good.size() - 2), kAddress, 1)), kInvalidData);
  EXPECT_EQ(error_of(read_list({}, kAddress, 0xFFFF'FFFF)), kInvalidData);
  EXPECT_TRUE(read_list({}, kAddress, 0));
}

TEST(ReadStrings, EndsAtTheEmptyOneOrWithTheBuffer) {
  Writer out;
  append_text(out, "RpcSs");
  append_text(out, "+TDI");
  append_text(out, "");
  append_text(out, "behind");
  EXPECT_THAT(read_strings(out.view()), ElementsAre("RpcSs", "+TDI"));
  EXPECT_THAT(read_strings(out.view().first(14)), ElementsAre("RpcSs"));
  EXPECT_THAT(read_strings({}), IsEmpty());
}

/// SERVICE_TRIGGER_INFO with one SERVICE_TRIGGER for each action.
Bytes triggers_of(const std::vector<std::uint32_t>& actions, std::uint64_t begin = kAddress + 24) {
  Writer out;
  out.u32(static_cast<std::uint32_t>(actions.size())).u32(0).u64(begin).u64(0);
  for (const auto action : actions) out.u32(2).u32(action).u64(0).u32(0).u32(0).u64(0);
  return std::move(out).take();
}

TEST(Triggers, OnlyThoseThatStartCount) {
  EXPECT_TRUE(names_start_trigger(triggers_of({2, 1}), kAddress));
  EXPECT_FALSE(names_start_trigger(triggers_of({2}), kAddress));
  EXPECT_FALSE(names_start_trigger(triggers_of({}), kAddress));
  EXPECT_FALSE(names_start_trigger(triggers_of({1}, kAddress + 1'000'000), kAddress));
  EXPECT_FALSE(names_start_trigger(triggers_of({1}, 0), kAddress));
  EXPECT_FALSE(names_start_trigger({}, kAddress));
}

/// Answers as EnumServicesStatusExW does for a list of so many services.
class PretendCall {
 public:
  explicit PretendCall(std::size_t services) : services_(services) {}

  Page operator()(std::span<std::uint8_t> buffer, std::uint32_t resume) {
    calls++;
    std::vector<std::string> names;
    std::size_t next = resume;
    while (next < services_) {
      auto more = names;
      more.push_back("Service" + std::to_string(next));
      if (list_of(more).size() > buffer.size()) break;
      names = std::move(more);
      next++;
    }
    const auto bytes = list_of(names, reinterpret_cast<std::uintptr_t>(buffer.data()));
    std::ranges::copy(bytes, buffer.begin());
    Page page{.returned = static_cast<std::uint32_t>(names.size())};
    if (next == services_) return page;
    page.error = svcctl::kMoreData;
    page.needed = static_cast<std::uint32_t>((services_ - next) * 112);
    page.resume = static_cast<std::uint32_t>(next);
    return page;
  }

  int calls = 0;

 private:
  std::size_t services_;
};

TEST(FetchList, TakesOneCallOnceTheSizeIsKnown) {
  Bytes buffer;
  PretendCall call(200);
  const auto first = fetch_list(buffer, std::ref(call));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 200U);
  EXPECT_EQ(first->back().name, "Service199");
  call.calls = 0;
  EXPECT_EQ(fetch_list(buffer, std::ref(call))->size(), 200U);
  EXPECT_EQ(call.calls, 1);
}

TEST(FetchList, GoesOnWhereACallCanCarryNoMore) {
  Bytes buffer(svcctl::kMostEnumeration - 1);
  // Each of these would be too slow to build; what counts is the way the pages are asked for.
  int calls = 0;
  const auto list = fetch_list(buffer, [&](std::span<std::uint8_t> into, std::uint32_t resume) {
    calls++;
    const auto bytes = list_of({"Service" + std::to_string(resume)},
                               reinterpret_cast<std::uintptr_t>(into.data()));
    std::ranges::copy(bytes, into.begin());
    const bool last = resume == 2;
    return Page{.error = last ? 0U : std::uint32_t{svcctl::kMoreData},
                .needed = 500,
                .returned = 1,
                .resume = resume + 1};
  });
  ASSERT_TRUE(list);
  EXPECT_EQ(calls, 4);  // the first only let the buffer grow
  std::vector<std::string> names;
  for (const auto& service : *list) names.push_back(service.name);
  EXPECT_THAT(names, ElementsAre("Service0", "Service1", "Service2"));
}

TEST(FetchList, EndsWhateverIsAnswered) {
  Bytes buffer;
  EXPECT_EQ(error_of(fetch_list(buffer, [](auto, auto) { return Page{.error = 5}; })), 5U);
  const auto endless = [](auto, std::uint32_t resume) {
    return Page{.error = svcctl::kMoreData, .needed = 0xFFFF'FFFF, .resume = resume};
  };
  EXPECT_EQ(error_of(fetch_list(buffer, endless)), kInvalidData);
  EXPECT_LE(buffer.size(), svcctl::kMostEnumeration);
  const auto greedy = [](auto, auto) { return Page{.returned = 0xFFFF'FFFF}; };
  EXPECT_EQ(error_of(fetch_list(buffer, greedy)), kInvalidData);
}

}  // namespace
}  // namespace tocsin::probe::scm
