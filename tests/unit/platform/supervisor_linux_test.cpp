#include "platform/supervisor.h"

#include <map>
#include <string>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "kit/notify_socket.h"

namespace tocsin::platform {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

Supervisor of(const std::map<std::string, std::string>& variables) {
  return Supervisor::of_process([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(Supervisor, IsToldInTheWordsOfTheProtocol) {
  for (const auto kind : {kit::NotifySocket::Kind::path, kit::NotifySocket::Kind::abstract}) {
    kit::NotifySocket socket(kind);
    const auto supervisor = of({{"NOTIFY_SOCKET", socket.name()}});
    EXPECT_TRUE(supervisor.ready());
    EXPECT_TRUE(supervisor.status("hosts: 2"));
    EXPECT_TRUE(supervisor.alive());
    EXPECT_TRUE(supervisor.reloading());
    EXPECT_TRUE(supervisor.stopping());
    EXPECT_THAT(socket.received(),
                ElementsAre("READY=1", "STATUS=hosts: 2", "WATCHDOG=1",
                            MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"), "STOPPING=1"));
  }
}

TEST(Supervisor, IsNobodyWithoutASocket) {
  const auto nobody = of({{"WATCHDOG_USEC", "1000000"}});
  EXPECT_FALSE(nobody.is_there());
  EXPECT_EQ(nobody.watchdog(), std::nullopt);
  EXPECT_TRUE(nobody.ready());
}

TEST(Supervisor, WantsSignsOfLifeFromThisProcessOnly) {
  const std::string socket = "/run/notify";
  const auto watchdog = [&](const std::string& limit, const std::string& process) {
    return of({{"NOTIFY_SOCKET", socket}, {"WATCHDOG_USEC", limit}, {"WATCHDOG_PID", process}})
        .watchdog();
  };
  EXPECT_EQ(watchdog("60000000", fmt::format("{}", getpid())), 60s);
  EXPECT_EQ(watchdog("60000000", fmt::format("{}", getppid())), std::nullopt);
  EXPECT_EQ(of({{"NOTIFY_SOCKET", socket}, {"WATCHDOG_USEC", "500"}}).watchdog(), 500us);
  for (const auto* odd : {"0", "", "-1", "1s", "99999999999999999999"})
    EXPECT_EQ(of({{"NOTIFY_SOCKET", socket}, {"WATCHDOG_USEC", odd}}).watchdog(), std::nullopt);
}

TEST(Supervisor, ASocketThatCannotBeToldIsNamed) {
  const auto why = [](const std::string& socket) {
    return of({{"NOTIFY_SOCKET", socket}}).ready().error().what;
  };
  EXPECT_THAT(why("/nonexistent/notify"),
              HasSubstr("NOTIFY_SOCKET /nonexistent/notify: No such file or directory"));
  EXPECT_THAT(why("vsock:2:1234"), HasSubstr("neither a path"));
  EXPECT_THAT(why("/" + std::string(200, 'n')), HasSubstr("too long"));
}

}  // namespace
}  // namespace tocsin::platform
