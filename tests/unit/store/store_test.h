// A store in a directory of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "scratch.h"
#include "store/store.h"

namespace tocsin {

// For tests only: the program never compares alerts.
inline bool operator==(const Alert& a, const Alert& b) {
  const auto all = [](const Alert& x) {
    return std::tie(x.id, x.at, x.kind, x.host.text(), x.service.text(), x.friendly_name, x.details,
                    x.status, x.from, x.to, x.previous_since, x.reason);
  };
  return all(a) == all(b);
}

}  // namespace tocsin

namespace tocsin::store {

class StoreTest : public ::testing::Test {
 protected:
  void commit(Commit commit) {
    const auto committed = store_->commit({&commit, 1});
    ASSERT_TRUE(committed) << committed.error().what;
  }
  void record(const std::string& delivery, DeliveryState state, Time at = kNow) {
    const DeliveryUpdate update{.id = {delivery}, .state = state, .attempts = 1, .at = at};
    ASSERT_TRUE(store_->update({&update, 1}));
  }
  void reopen() {
    store_.reset();
    store_ = std::make_unique<Store>(open_store(scratch_.path()));
  }
  std::vector<std::string> pending(const std::string& destination, std::int64_t after = 0,
                                   std::size_t most = 100) {
    std::vector<std::string> ids;
    for (const auto& delivery : store_->load_pending(destination, after, most).value())
      ids.push_back(delivery.id.value);
    return ids;
  }
  std::vector<std::string> history(const HistoryQuery& query) {
    std::vector<std::string> ids;
    for (const auto& alert : store_->history(query).value()) ids.push_back(alert.id.value);
    return ids;
  }

  ScratchDirectory scratch_;
  std::unique_ptr<Store> store_ = std::make_unique<Store>(open_store(scratch_.path()));
};

}  // namespace tocsin::store
