#include "wire/conversation.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace tocsin {
namespace {

using testing::ElementsAre;

/// Answers its name when the line has moved.
Conversation<std::string> wait_in(WaitingLine& line, std::string name) {
  co_await line.wait();
  co_return name;
}
Conversation<std::string> answer_at_once(std::string name) { co_return name; }

/// What all() answers once everybody in the line has been woken.
std::vector<std::string> answers(std::vector<Conversation<std::string>> parts, WaitingLine& line) {
  auto whole = all(std::move(parts));
  whole.start();
  while (line.size() > 0) {
    EXPECT_FALSE(whole.done());
    line.wake_first();
  }
  EXPECT_TRUE(whole.done());
  return whole.take();
}

TEST(All, AnswersInOrderHoweverTheyEnd) {
  WaitingLine line;
  std::vector<Conversation<std::string>> parts;
  parts.push_back(wait_in(line, "first"));
  parts.push_back(answer_at_once("second"));
  parts.push_back(wait_in(line, "third"));
  EXPECT_THAT(answers(std::move(parts), line), ElementsAre("first", "second", "third"));
}

TEST(All, EndsAtOnceWhereNothingWaits) {
  WaitingLine line;
  EXPECT_THAT(answers({}, line), ElementsAre());
  std::vector<Conversation<std::string>> parts;
  parts.push_back(answer_at_once("only"));
  EXPECT_THAT(answers(std::move(parts), line), ElementsAre("only"));
}

TEST(All, LeavesWithAllOfThem) {
  WaitingLine line;
  {
    std::vector<Conversation<std::string>> parts;
    parts.push_back(wait_in(line, "first"));
    parts.push_back(wait_in(line, "second"));
    auto whole = all(std::move(parts));
    whole.start();
    EXPECT_EQ(line.size(), 2);
  }
  EXPECT_EQ(line.size(), 0);
}

TEST(WaitingLine, SaysWhatTheFirstOneNeeds) {
  WaitingLine line;
  EXPECT_EQ(line.first_need(), std::nullopt);
  const auto need = [](WaitingLine& of, std::uint32_t count) -> Conversation<int> {
    co_await of.wait(count);
    co_return 0;
  };
  auto three = need(line, 3);
  three.start();
  auto one = need(line, 1);
  one.start();
  EXPECT_EQ(line.first_need(), 3U);
  line.wake_first();
  EXPECT_TRUE(three.done());
  EXPECT_FALSE(one.done());
  EXPECT_EQ(line.first_need(), 1U);
}

}  // namespace
}  // namespace tocsin
