// What the system shows of a worker; under Wine it shows nothing.
#include "net/worker.h"

#include <array>
#include <pthread.h>
#include <string>

#include <gtest/gtest.h>

#include "net/loop.h"

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

}  // namespace
}  // namespace tocsin::net
