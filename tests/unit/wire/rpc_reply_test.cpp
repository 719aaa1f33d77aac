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
  EXPECT_EQ(reply.fragments_to_come(), 0);
  add(fragment(0, 7));
  EXPECT_EQ(reply.fragments_to_come(), 0);  // the server may always say the same
  add(fragment(2, 5));
  EXPECT_EQ(reply.fragments_to_come(), 1);
}

TEST_F(RpcReply, IsPutInOrder) {
  add(fragment(0, 7));
  add(fragment(2, 5));
  std::vector<Pdu> rest{fragment(4, 3)};
  EXPECT_EQ(reply.add_unordered(std::move(rest)), false);
  EXPECT_EQ(reply.fragments_to_come(), 0);
  const auto whole = reply.add(fragment(6, 1));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(*whole);
  EXPECT_EQ(reply.take(), (Bytes{1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(RpcReply, LikeOneBeforeIsKnownByItsFirstFragment) {
  reply = ReplyStub(2);
  add(fragment(0, 7));
  EXPECT_EQ(reply.fragments_to_come(), 3);
  EXPECT_EQ(reply.add_unordered({fragment(6, 1), fragment(2, 5), fragment(4, 3)}), true);
  EXPECT_EQ(reply.take(), (Bytes{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(reply.even_fragment(), 2) << "as the next one may be";
}

TEST_F(RpcReply, OfWindowsIsEven) {
  // A list of services as Windows XP has cut it.
  const Bytes stub(4256);
  const auto add_one = [&](int flags, std::uint32_t left, std::size_t size) {
    add({.flags = static_cast<std::uint8_t>(flags),
         .call_id = 3,
         .body = Response{.alloc_hint = left, .context = 0, .stub = BytesView(stub).first(size)}});
  };
  add_one(kFirstFragment, 10'052, 4256);
  add_one(0, 5'796, 4256);
  add_one(kLastFragment, 1'540, 1540);
  EXPECT_EQ(reply.even_fragment(), 4256);
}

TEST_F(RpcReply, InOtherFragmentsThanOneBeforeIsKnownByTwo) {
  reply = ReplyStub(3);
  add(fragment(0, 7));
  EXPECT_EQ(reply.fragments_to_come(), 0);
  add(fragment(2, 5));
  EXPECT_EQ(reply.fragments_to_come(), 1);
}

TEST_F(RpcReply, GoesOnWhereMoreComesThanItHasAnnounced) {
  reply = ReplyStub(2);
  add(fragment(0, 4));
  EXPECT_EQ(reply.fragments_to_come(), 1);
  EXPECT_EQ(reply.add_unordered({fragment(2, 2)}), false);
  add(fragment(4, 3));
  EXPECT_EQ(reply.add(fragment(6, 1)), true);
  EXPECT_EQ(reply.take(), (Bytes{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(reply.even_fragment(), 0) << "the next one is not believed";
}

TEST_F(RpcReply, IsEvenWhereAllItsFragmentsAreAndTellTheTruth) {
  const auto even_fragment = [&](std::uint32_t second, std::uint32_t third, std::uint32_t last) {
    reply = {};
    add(fragment(0, 7));
    add(fragment(2, second));
    add(fragment(4, third));
    add(fragment(6, last));
    return reply.even_fragment();
  };
  EXPECT_EQ(even_fragment(5, 3, 1), 2);
  EXPECT_EQ(even_fragment(7, 7, 7), 0);
  EXPECT_EQ(even_fragment(5, 3, 2), 0) << "as if more came behind the last";
  EXPECT_EQ(even_fragment(5, 9, 1), 0);
  reply = ReplyStub(2);
  add({.call_id = 1, .body = Response{.alloc_hint = 0, .context = 0, .stub = {}}});
  EXPECT_EQ(reply.even_fragment(), 2) << "one fragment says nothing of it";
}

TEST_F(RpcReply, IsNotReadAheadWhereTheNumbersDoNotAgree) {
  for (const auto& [first, second] : {std::pair{7U, 7U}, {0U, 0U}, {7U, 2U}, {7U, 0xFFFFFFFFU}}) {
    reply = {};
    add(fragment(0, first));
    add(fragment(2, second));
    EXPECT_EQ(reply.fragments_to_come(), 0) << first << " " << second;
  }
}

TEST_F(RpcReply, OfAHugePromiseIsNotReadAhead) {
  add(fragment(0, 0xFFFFFFFF));
  add(fragment(2, 0xFFFFFFFD));
  EXPECT_EQ(reply.fragments_to_come(), 0);
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
