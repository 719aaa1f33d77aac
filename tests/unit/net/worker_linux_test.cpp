// What the system shows of a worker; under Wine it shows nothing.
#include "net/worker.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <pthread.h>
#include <string>
#include <sys/resource.h>
#include <system_error>

#include <gtest/gtest.h>

#include "kit/gate.h"
#include "kit/sanitizer.h"
#include "net/loop.h"
#include "net/thread_pool.h"

namespace tocsin::net {
namespace {

std::string current_thread_name() {
  std::array<char, 32> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  return name.data();
}

TEST(WorkerTest, ItsThreadsHaveItsName) {
  Loop loop;
  Worker worker("a name longer than the system shows", 1);
  EXPECT_EQ(loop.run_until_done(worker.run(current_thread_name)), "a name longer t");
}

/// From here on no stack of a thread fits into this process.
void refuse_threads() {
  const rlimit nothing_more{.rlim_cur = std::uint64_t{1} << 20, .rlim_max = RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &nothing_more);
}

TEST(ThreadPoolDeathTest, AJobForWhichTheSystemRefusesAThreadIsRefused) {
  if (kit::kSanitizer) GTEST_SKIP() << "a sanitizer ends where it gets no memory";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto ask = [] {
    {
      ThreadPool pool("a", 2);
      refuse_threads();
      bool is_refused = false;
      try {
        pool.submit([] {});
      } catch (const std::system_error&) {
        is_refused = true;
      }
      if (!is_refused) std::_Exit(1);
    }  // waits for no thread
    std::_Exit(0);
  };
  EXPECT_EXIT(ask(), testing::ExitedWithCode(0), "");
}

TEST(ThreadPoolDeathTest, WhereTheSystemRefusesAThreadTheOthersDoTheJob) {
  if (kit::kSanitizer) GTEST_SKIP() << "a sanitizer ends where it gets no memory";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto ask = [] {
    kit::Gate begun;
    kit::Gate go_on;
    {
      ThreadPool pool("a", 2);
      pool.submit([&] {
        begun.open();
        go_on.wait();
      });
      begun.wait();
      refuse_threads();
      pool.submit([] { std::_Exit(0); });
      go_on.open();
    }
    std::_Exit(1);
  };
  EXPECT_EXIT(ask(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tocsin::net
