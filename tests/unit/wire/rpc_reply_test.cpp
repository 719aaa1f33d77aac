// Fragments of a reply that are read at the same time.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wire/dcerpc/reply.h"

namespace tocsin::dcerpc {
namespace {

/// A reply of seven bytes in fragments of two.
class RpcReply : public testing::Test {
 protected:
  Pdu fragment(std::size_t at, std::uint32_t left) const {
    const auto part = BytesView(whole_).subspan(at, std::min<std::size_t>(2, whole_.size() - at));
    const auto first = at == 0 ? kFirstFragment : 0;
    const auto last = at + part.size() == whole_.size() ? kLastFragment : 0;
    return {.flags = static_cast<std::uint8_t>(first | last),
            .call_id = 1,
            .body = Response{.alloc_hint = left, .context = 0, .stub = part}};
  }
  void add(const Pdu& fragment) { ASSERT_TRUE(reply.add(fragment)); }

  ReplyStub reply;

 private:
  Bytes whole_{1, 2, 3, 4, 5, 6, 7};
};

TEST_F(RpcReply, KnowsHowManyMustComeBeforeTheLast) {
  EXPECT_EQ(reply.fragments_before_last(), 0);
  add(fragment(0, 7));
  EXPECT_EQ(reply.fragments_before_last(), 0);  // the server may always say the same
  add(fragment(2, 5));
  EXPECT_EQ(reply.fragments_before_last(), 1);
}

TEST_F(RpcReply, IsPutInOrder) {
  add(fragment(0, 7));
  add(fragment(2, 5));
  std::vector<Pdu> rest{fragment(4, 3)};
  ASSERT_TRUE(reply.add_unordered(std::move(rest)));
  EXPECT_EQ(reply.fragments_before_last(), 0);
  const auto whole = reply.add(fragment(6, 1));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(*whole);
  EXPECT_EQ(reply.take(), (Bytes{1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(RpcReply, IsNotReadAheadWhereTheNumbersDoNotAgree) {
  for (const auto& [first, second] : {std::pair{7U, 7U}, {0U, 0U}, {7U, 2U}, {7U, 0xFFFFFFFFU}}) {
    reply = {};
    add(fragment(0, first));
    add(fragment(2, second));
    EXPECT_EQ(reply.fragments_before_last(), 0) << first << " " << second;
  }
}

TEST_F(RpcReply, OfAHugePromiseIsNotReadAhead) {
  add(fragment(0, 0xFFFFFFFF));
  add(fragment(2, 0xFFFFFFFD));
  EXPECT_EQ(reply.fragments_before_last(), 0);
}

TEST_F(RpcReply, IsMalformedWhereFragmentsAreMissingOrRepeated) {
  const std::vector<std::vector<Pdu>> wrong{
      {fragment(4, 4)}, {fragment(4, 3), fragment(4, 3)}, {fragment(6, 3)}, {fragment(0, 3)}};
  for (const auto& fragments : wrong) {
    reply = {};
    add(fragment(0, 7));
    add(fragment(2, 5));
    const auto added = reply.add_unordered(fragments);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().kind, ErrorKind::malformed);
  }
}

}  // namespace
}  // namespace tocsin::dcerpc
