#include "store/logins.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/bytes.h"
#include "scratch.h"

namespace tocsin::store {
namespace {

using testing::IsEmpty;

logins::StoredLogin record_of(const std::string& id) {
  logins::StoredLogin record{.id = {id},
                             .fingerprint = {.salt = Bytes(16, 1), .hash = Bytes(32, 2)}};
  record.suspicion = {.count = 2, .at = kNow, .notified_at = kNow};
  record.suspicion.refusals[HostName("SQL1")] = {.blame = logins::Blame::account,
                                                 .count = 2,
                                                 .at = kNow,
                                                 .reason = "locked out \xC3\xA4",
                                                 .notified = true};
  record.suspicion.refusals[HostName("web2")] = {
      .blame = logins::Blame::peer, .interrupted = 3, .pardoned = true};
  return record;
}

class LoginsTest : public testing::Test {
 protected:
  ScratchDirectory scratch_;
  Store store_ = open_store(scratch_.path());  // a running tocsin
  Logins logins_ = Logins::open(scratch_.path()).value();
};

TEST_F(LoginsTest, AreReadAsTheyWereWritten) {
  const std::vector records{record_of("credential:a"), record_of("email:b")};
  ASSERT_TRUE(logins_.save(records));
  const auto read = Logins::open(scratch_.path())->load().value();
  ASSERT_EQ(read.size(), 2);
  EXPECT_EQ(read[0].id.value, "credential:a");
  EXPECT_EQ(read[0].fingerprint, records[0].fingerprint);
  EXPECT_EQ(read[0].suspicion, records[0].suspicion);
}

TEST_F(LoginsTest, ThoseWithoutASuspicionAreRemoved) {
  auto record = record_of("credential:a");
  ASSERT_TRUE(logins_.save(std::vector{record}));
  record.suspicion = {};
  ASSERT_TRUE(logins_.save(std::vector{record}));
  EXPECT_THAT(logins_.load().value(), IsEmpty());
}

TEST_F(LoginsTest, RowsThatMakeNoSenseAreLeftOut) {
  ASSERT_TRUE(logins_.save(std::vector{record_of("credential:a"), record_of("credential:b")}));
  for (const auto* text : {"no JSON", "{}", "[]", R"({"count":-1,"at":0,"notifiedAt":0})",
                           R"({"count":1,"at":-5,"notifiedAt":0,"refusals":[]})",
                           R"({"count":1,"at":0,"notifiedAt":0,"refusals":[{"peer":"a"}]})"}) {
    run_sql(scratch_.path(),
            std::string("UPDATE login SET suspicion = '") + text + "' WHERE id = 'credential:a'");
    const auto read = logins_.load().value();
    ASSERT_EQ(read.size(), 1) << text;
    EXPECT_EQ(read[0].id.value, "credential:b");
  }
}

}  // namespace
}  // namespace tocsin::store
