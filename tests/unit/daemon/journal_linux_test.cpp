#include "daemon/journal.h"

#include <csignal>
#include <sys/resource.h>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

/// While it lives, no file of this process can grow: what a full disk is like for the store.
class FullDisk {
 public:
  FullDisk() : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*old_handler_)(int);
};

Seen sees_spooler(ServiceState spooler) { return std::vector{service("Spooler", spooler)}; }

TEST_F(DaemonTest, AlertsFlowWhileTheDiskIsFullAndAreStoredWhenItIsNot) {
  {
    Deps deps(folder_);
    deps.watch(host_, {sees_spooler(running)});
    {
      const FullDisk full;
      deps.watch(host_, {sees_spooler(stopped)});
      EXPECT_THAT(deps.notified(1), ElementsAre("stopped Spooler"));
      EXPECT_THAT(deps.history(), IsEmpty());
    }
    // The next change finds a disk that works, and takes the one before along.
    deps.watch(host_, {sees_spooler(running), sees_spooler(stopped)});
    EXPECT_THAT(deps.notified(2).back(), "stopped Spooler");
    EXPECT_EQ(deps.history().front(), "stopped Spooler");
  }
  Deps again(folder_);
  again.watch(host_, {sees_spooler(stopped)});
  EXPECT_THAT(again.notified(0), IsEmpty());
}

}  // namespace
}  // namespace tocsin::daemon
