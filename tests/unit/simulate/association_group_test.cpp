// Which pipes of a pretend host share their handles.
#include <memory>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "kit/smb2_peers.h"
#include "simulate/catalogue.h"
#include "simulate/windows_host.h"
#include "wire/dcerpc/pdu.h"
#include "wire/svcctl/messages.h"

namespace tocsin::simulate {
namespace {

/// One open of svcctl, without SMB.
class OpenedPipe {
 public:
  OpenedPipe(const smb2::ServerOptions& host, std::uint32_t group)
      : pipe_(host.open_pipe("svcctl")) {
    const auto ack = exchange(
        dcerpc::Bind{.group = group,
                     .contexts = {{.abstract = svcctl::kInterface, .transfer = {dcerpc::kNdr32}}}});
    this->group = std::get<dcerpc::BindAck>(ack.body).group;
  }
  /// The response, or nothing where it is a fault.
  template <typename Request>
  std::optional<typename Request::Response> call(const Request& request) {
    const auto stub = svcctl::encode(request);
    const auto pdu = exchange(dcerpc::Request{.opnum = Request::kOpnum, .stub = stub});
    const auto* response = std::get_if<dcerpc::Response>(&pdu.body);
    if (response == nullptr) return std::nullopt;
    return svcctl::parse<typename Request::Response>(response->stub).value();
  }
  svcctl::Handle open_service() {
    const auto manager = call(svcctl::OpenScManagerRequest{.desired_access = 5});
    return call(svcctl::OpenServiceRequest{
                    .manager = manager->handle, .service_name = "Spooler", .desired_access = 5})
        ->handle;
  }

  std::uint32_t group = 0;

 private:
  template <typename Body>
  dcerpc::Pdu exchange(Body body) {
    pipe_->write(dcerpc::encode({.call_id = ++call_id_, .body = std::move(body)}));
    fragment_ = pipe_->read(65536).bytes;
    return dcerpc::parse_pdu(fragment_).value();
  }

  std::unique_ptr<smb2::PipeEnd> pipe_;
  std::uint32_t call_id_ = 0;
  Bytes fragment_;
};

TEST(AssociationGroups, ShareTheirHandlesUntilTheLastPipeIsClosed) {
  const ManualClock clock;
  HostModel host({.name = "node"}, make_catalogue(250), clock);
  const Account account;
  const auto options = make_server_options(host, account, clock, kit::counting_random());
  const auto& spooler = *host.find(ServiceName("Spooler"));

  auto first = std::make_unique<OpenedPipe>(options, 0);
  const auto handle = first->open_service();
  const svcctl::QueryServiceStatusRequest query{.service = handle};
  auto second = std::make_unique<OpenedPipe>(options, first->group);
  EXPECT_EQ(second->group, first->group);
  EXPECT_TRUE(second->call(query));
  OpenedPipe stranger(options, 0);
  EXPECT_NE(stranger.group, first->group);
  EXPECT_NE(stranger.open_service(), handle);
  EXPECT_FALSE(stranger.call(query));

  first.reset();
  EXPECT_TRUE(second->call(query));
  EXPECT_EQ(spooler.handles, 2U);
  const auto group = second->group;
  second.reset();
  EXPECT_EQ(spooler.handles, 1U);
  EXPECT_NE(OpenedPipe(options, group).group, group) << "it is gone";
}

}  // namespace
}  // namespace tocsin::simulate
