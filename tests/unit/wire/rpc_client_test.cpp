// The RPC and svcctl clients against servers that are right, and against servers that are not.
#include <algorithm>
#include <deque>
#include <span>
#include <utility>

#include <gtest/gtest.h>

#include "base/text.h"
#include "kit/smb2_peers.h"
#include "wire/dcerpc/client.h"
#include "wire/dcerpc/server.h"
#include "wire/svcctl/client.h"

namespace tocsin {
namespace {

using dcerpc::FaultStatus;
using dcerpc::Pdu;
using Answer = std::expected<Bytes, FaultStatus>;

constexpr dcerpc::SyntaxId kEcho{{1, 2, 3, 4}, 1};

/// Hands out the messages that a function makes of each request.
class ScriptedPipe final : public smb2::PipeEnd {
 public:
  using Script = std::function<std::vector<Bytes>(const Pdu& request)>;

  explicit ScriptedPipe(Script script) : script_(std::move(script)) {}

  void write(BytesView message) override {
    for (auto& reply : script_(dcerpc::parse_pdu(message).value()))
      replies_.push_back(std::move(reply));
  }
  [[nodiscard]] State state() const override {
    return replies_.empty() ? State::empty : State::readable;
  }
  Chunk read(std::size_t /*most*/) override {
    Chunk chunk{.bytes = std::move(replies_.front())};
    replies_.pop_front();
    return chunk;
  }

 private:
  Script script_;
  std::deque<Bytes> replies_;
};

/// A logged-in client with one open pipe to whatever `pipe` makes.
class Session {
 public:
  explicit Session(std::function<std::unique_ptr<smb2::PipeEnd>()> pipe)
      : wire_(host(std::move(pipe))), smb_({.server_name = "host"}, kit::counting_random()) {
    run(smb_.login(port, std::make_unique<kit::PasswordInitiator>())).value();
    pipe_ = run(smb_.open_pipe(port, "rpc")).value();
  }

  template <typename T>
  Result<T> run(Conversation<Result<T>> conversation) {
    return wire_.run(port, std::move(conversation));
  }
  [[nodiscard]] dcerpc::Client rpc() { return {smb_, pipe_}; }
  [[nodiscard]] kit::Wire& wire() { return wire_; }

  Port port;

 private:
  static smb2::ServerOptions host(std::function<std::unique_ptr<smb2::PipeEnd>()> pipe) {
    smb2::ServerOptions options;
    options.acceptor = [] { return std::make_unique<kit::PasswordAcceptor>(); };
    options.open_pipe = [pipe = std::move(pipe)](const std::string&) { return pipe(); };
    return options;
  }

  kit::Wire wire_;
  smb2::Client smb_;
  smb2::Pipe pipe_;
};

Session rpc_session(const dcerpc::SyntaxId& id,
                    std::function<Answer(std::uint16_t, BytesView)> call) {
  return Session([id, call = std::move(call)] {
    return std::make_unique<dcerpc::Server>(
        "\\PIPE\\rpc", std::vector<dcerpc::Interface>{dcerpc::immediate(id, call)});
  });
}

Session echo_session() {
  return rpc_session(kEcho, [](std::uint16_t opnum, BytesView stub) -> Answer {
    if (opnum != 0) return std::unexpected(static_cast<FaultStatus>(opnum));
    return to_bytes(stub);
  });
}

TEST(RpcClient, MovesStubsOfAnySize) {
  auto session = echo_session();
  auto rpc = session.rpc();
  ASSERT_TRUE(session.run(rpc.bind(session.port, kEcho)));
  for (const std::size_t size : {0U, 1U, 4256U, 4257U, 20000U}) {
    Bytes stub(size);
    for (std::size_t i = 0; i < size; i++) stub[i] = static_cast<std::uint8_t>(i * 7);
    const auto reply = session.run(rpc.call(session.port, 0, stub));
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_EQ(*reply, stub);
  }
}

TEST(RpcClient, ReadsALongReplyInTwoRoundTripsOnceItKnowsTheServer) {
  Bytes stub(20'000);
  for (std::size_t i = 0; i < stub.size(); i++) stub[i] = static_cast<std::uint8_t>(i * 7 >> 3);
  auto session = rpc_session(kEcho, [&](std::uint16_t, BytesView question) {
    return Answer(question.empty() ? stub : to_bytes(question));
  });
  auto rpc = session.rpc();
  ASSERT_TRUE(session.run(rpc.bind(session.port, kEcho)));
  int round_trips = 0;
  // What is asked for at the same time is answered in the opposite order.
  session.wire().tamper([&](Bytes& reply, std::deque<Bytes>& more) {
    if (more.empty())
      round_trips++;
    else
      std::swap(reply, more.back());
  });
  const auto trips_for_it = [&] {
    round_trips = 0;
    EXPECT_EQ(session.run(rpc.call(session.port, 0, {})), stub);
    return round_trips;
  };
  EXPECT_EQ(trips_for_it(), 4) << "the first, the second, all but the last, the last";
  EXPECT_EQ(trips_for_it(), 2);
  EXPECT_EQ(session.run(rpc.call(session.port, 0, {1, 2, 3})), (Bytes{1, 2, 3}));
  EXPECT_EQ(trips_for_it(), 2) << "a short reply between them changes nothing";
}

/// A reply of five fragments of 1,000 bytes; `left` is what each of them says it to be.
std::vector<Bytes> five_fragments(const Pdu& request, const std::vector<std::uint32_t>& left) {
  std::vector<Bytes> fragments;
  const Bytes stub(1'000);
  for (std::size_t i = 0; i < left.size(); i++) {
    const auto first = i == 0 ? dcerpc::kFirstFragment : 0;
    const auto last = i + 1 == left.size() ? dcerpc::kLastFragment : 0;
    fragments.push_back(
        dcerpc::encode({.flags = static_cast<std::uint8_t>(first | last),
                        .call_id = request.call_id,
                        .body = dcerpc::Response{.alloc_hint = left[i], .stub = stub}}));
  }
  return fragments;
}

/// A server that answers each call with them. `left` outlives it, and may change between calls.
Session session_of_five_fragments(const std::vector<std::uint32_t>& left) {
  return Session([&left] {
    return std::make_unique<ScriptedPipe>(
        [&left](const Pdu& request) { return five_fragments(request, left); });
  });
}

TEST(RpcClient, BelievesNoServerThatDoesNotTellWhatIsLeft) {
  const std::vector<std::vector<std::uint32_t>> claims{{5'000, 5'000, 5'000, 5'000, 5'000},
                                                       {0, 0, 0, 0, 0},
                                                       {2'000, 1'000, 3'000, 2'000, 1'000},
                                                       {9'000, 4'000, 3'000, 2'000, 1'000}};
  for (const auto& left : claims) {
    auto session = session_of_five_fragments(left);
    auto rpc = session.rpc();
    for (int i = 0; i < 3; i++)
      EXPECT_EQ(session.run(rpc.call(session.port, 0, {})), Bytes(5'000)) << left[0];
  }
}

TEST(RpcClient, GoesOnAfterAReplyThatIsLongerThanItSaid) {
  std::vector<std::uint32_t> left{5'000, 4'000, 3'000, 2'000, 1'000};
  auto session = session_of_five_fragments(left);
  auto rpc = session.rpc();
  EXPECT_TRUE(session.run(rpc.call(session.port, 0, {})));
  left = {3'000, 2'000, 1'000, 2'000, 1'000};
  for (int i = 0; i < 2; i++) EXPECT_EQ(session.run(rpc.call(session.port, 0, {})), Bytes(5'000));
  left = {7'000, 4'000, 3'000, 2'000, 1'000};
  EXPECT_TRUE(session.run(rpc.call(session.port, 0, {}))) << "believed no more";
}

TEST(RpcClient, WaitsForAReplyThatIsShorterThanItSaid) {
  std::vector<std::uint32_t> left{5'000, 4'000, 3'000, 2'000, 1'000};
  auto session = session_of_five_fragments(left);
  auto rpc = session.rpc();
  EXPECT_TRUE(session.run(rpc.call(session.port, 0, {})));
  left = {5'000, 4'000, 3'000};
  EXPECT_EQ(session.run(rpc.call(session.port, 0, {})).error().kind, ErrorKind::timed_out)
      << "the next session begins with fewer reads";
}

TEST(RpcClient, SaysWhatAFaultMeans) {
  auto session = echo_session();
  auto rpc = session.rpc();
  ASSERT_TRUE(session.run(rpc.bind(session.port, kEcho)));
  const auto denied = session.run(rpc.call(session.port, dcerpc::kAccessDenied, {}));
  EXPECT_EQ(denied.error().kind, ErrorKind::denied);
  const auto other = session.run(rpc.call(session.port, 99, {}));
  EXPECT_EQ(other.error().kind, ErrorKind::rejected);
  EXPECT_EQ(other.error().native, 99U);
}

TEST(RpcClient, SaysThatTheInterfaceIsMissing) {
  auto session = echo_session();
  auto rpc = session.rpc();
  EXPECT_EQ(session.run(rpc.bind(session.port, svcctl::kInterface)).error().kind,
            ErrorKind::unsupported);
}

Pdu answer_to(const Pdu& request, BytesView stub) {
  return {.call_id = request.call_id, .body = dcerpc::Response{.stub = stub}};
}

/// What a call answers when the server replies with these messages.
Result<Bytes> call_with(ScriptedPipe::Script script) {
  Session session([&] { return std::make_unique<ScriptedPipe>(script); });
  auto rpc = session.rpc();
  return session.run(rpc.call(session.port, 0, {}));
}

TEST(RpcClient, JoinsAFragmentThatComesInPieces) {
  const auto reply = call_with([](const Pdu& request) {
    const auto whole = dcerpc::encode(answer_to(request, as_bytes("tocsin")));
    return std::vector<Bytes>{Bytes(whole.begin(), whole.begin() + 5),
                              Bytes(whole.begin() + 5, whole.begin() + 20),
                              Bytes(whole.begin() + 20, whole.end())};
  });
  EXPECT_EQ(reply, to_bytes(as_bytes("tocsin")));
}

TEST(RpcClient, RefusesWhatBreaksTheProtocol) {
  struct Case {
    const char* name;
    std::function<void(Pdu& reply)> change;
    std::size_t more = 0;  ///< bytes after the fragment
  };
  const Case cases[] = {
      {"another call", [](Pdu& reply) { reply.call_id++; }},
      {"a request", [](Pdu& reply) { reply.body = dcerpc::Request{}; }},
      {"no first fragment", [](Pdu& reply) { reply.flags = dcerpc::kLastFragment; }},
      {"two first fragments", [](Pdu& reply) { reply.flags = dcerpc::kFirstFragment; }},
      {"an empty fragment that is not the last",
       [](Pdu& reply) {
         reply.flags = dcerpc::kFirstFragment;
         reply.body = dcerpc::Response{};
       }},
      {"an authentication",
       [](Pdu& reply) { reply.auth = dcerpc::AuthTrailer{.type = 10, .value = as_bytes("key")}; }},
      {"bytes after the fragment", [](Pdu&) {}, 1},
  };
  const Bytes stub{1, 2, 3, 4};
  for (const auto& [name, change, more] : cases) {
    SCOPED_TRACE(name);
    const auto reply = call_with([&](const Pdu& request) {
      auto pdu = answer_to(request, stub);
      change(pdu);
      auto message = dcerpc::encode(pdu);
      message.resize(message.size() + more);
      return std::vector<Bytes>{message, message};
    });
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::malformed);
  }
}

TEST(RpcClient, RefusesGarbage) {
  const auto reply = call_with(
      [](const Pdu&) { return std::vector<Bytes>{to_bytes(as_bytes("HTTP/1.1 200 OK\r\n\r\n"))}; });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::malformed);
}

TEST(RpcClient, RefusesAReplyWithoutEnd) {
  const Bytes stub(60000);
  const auto reply = call_with([&](const Pdu& request) {
    std::vector<Bytes> fragments;
    auto pdu = answer_to(request, stub);
    for (int i = 0; i < 20; i++) {
      pdu.flags = i == 0 ? dcerpc::kFirstFragment : 0;
      fragments.push_back(dcerpc::encode(pdu));
    }
    return fragments;
  });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::malformed);
}

TEST(RpcClient, RefusesABindAnsweredWithSomethingElse) {
  for (const auto& body : {dcerpc::BindAck{}, dcerpc::BindAck{.max_receive = 10}}) {
    Session session([&] {
      return std::make_unique<ScriptedPipe>([body](const Pdu& request) {
        return std::vector<Bytes>{dcerpc::encode({.call_id = request.call_id, .body = body})};
      });
    });
    auto rpc = session.rpc();
    EXPECT_EQ(session.run(rpc.bind(session.port, kEcho)).error().kind, ErrorKind::malformed);
  }
}

/// A service manager that knows nothing but a list of `count` services.
struct ListHost {
  std::size_t count = 3;
  bool has_enum_services_ex = true;
  std::size_t grows_by = 0;  ///< with each call
  std::uint8_t slack = 0;    ///< what stands between the records and the names
  std::vector<std::uint16_t> calls;
  std::vector<std::uint32_t> sizes;

  Answer answer(std::uint16_t opnum, BytesView stub) {
    calls.push_back(opnum);
    if (opnum == 42 && has_enum_services_ex) {
      const auto request = svcctl::parse<svcctl::EnumServicesStatusExRequest>(stub).value();
      return page(request.buffer_size, request.resume_index, svcctl::EnumLayout::status_process);
    }
    if (opnum == 14) {
      const auto request = svcctl::parse<svcctl::EnumServicesStatusRequest>(stub).value();
      return page(request.buffer_size, request.resume_index, svcctl::EnumLayout::status);
    }
    return std::unexpected(dcerpc::kOpnumOutOfRange);
  }

  Bytes page(std::uint32_t size, std::optional<std::uint32_t> resume, svcctl::EnumLayout layout) {
    sizes.push_back(size);
    const auto first = resume.value_or(0);
    std::vector<Bytes> names;
    std::vector<svcctl::EnumServiceStatus> services;
    for (std::size_t i = first; i < count; i++)
      names.push_back(to_utf16("Service" + std::to_string(10000 + i)));
    std::size_t used = 0;
    std::size_t needed = 0;
    for (const auto& name : names) {
      const svcctl::EnumServiceStatus service{.service_name = name, .display_name = name};
      const auto bytes = svcctl::encoded_size(service, layout);
      if (needed == 0 && used + bytes <= size) {
        used += bytes;
        services.push_back(service);
      } else {
        needed += bytes;
      }
    }
    count += grows_by;
    auto buffer = svcctl::encode_services(services, layout, size);
    const auto records = services.size() * std::to_underlying(layout);
    std::ranges::fill(std::span(buffer).subspan(records, size - used), slack);
    return svcctl::encode(svcctl::EnumServicesStatusResponse{
        .buffer = buffer,
        .bytes_needed = static_cast<std::uint32_t>(needed),
        .services_returned = static_cast<std::uint32_t>(services.size()),
        .resume_index = needed == 0 ? 0 : static_cast<std::uint32_t>(first + services.size()),
        .return_value = needed == 0 ? svcctl::kSuccess : svcctl::kMoreData});
  }
};

class ListingClient : public testing::Test {
 protected:
  Result<svcctl::Enumeration> list() { return session.run(client.enumerate(session.port)); }

  ListHost host;
  Session session = rpc_session(svcctl::kInterface, [this](std::uint16_t opnum, BytesView stub) {
    return host.answer(opnum, stub);
  });
  dcerpc::Client rpc = session.rpc();
  bool bound = session.run(rpc.bind(session.port, svcctl::kInterface)).has_value();
  svcctl::Client client{rpc};
};

TEST_F(ListingClient, TakesOneCallOnceTheSizeIsKnown) {
  host.count = 250;
  for (int i = 0; i < 3; i++) {
    const auto services = list();
    ASSERT_TRUE(services) << services.error().what;
    ASSERT_EQ(services->services().size(), 250U);
    EXPECT_EQ(from_utf16(services->services()[249].service_name), "Service10249");
  }
  EXPECT_EQ(host.calls.size(), 4U) << "asked for the size once";

  svcctl::Client next(rpc, client.traits());
  host.calls.clear();
  EXPECT_TRUE(session.run(next.enumerate(session.port)));
  EXPECT_EQ(host.calls.size(), 1U) << "the size outlives the connection";
}

TEST_F(ListingClient, KnowsByItsBytesThatAListIsTheSame) {
  host.count = 250;
  const HashKey key{1, 2, 3, 4};
  const auto fingerprint = [&](const HashKey& by) {
    const auto reply = session.run(client.ask_for_list(session.port));
    EXPECT_EQ(reply->size(), host.count);
    return reply->fingerprint(by);
  };
  EXPECT_TRUE(list());
  const auto before = fingerprint(key);
  EXPECT_EQ(fingerprint(key), before);
  EXPECT_NE(fingerprint({5, 6, 7, 8}), before) << "no host can know it";
  host.slack = 1;
  EXPECT_NE(fingerprint(key), before);
  host.slack = 0;
  host.count++;
  EXPECT_NE(fingerprint(key), before);
}

TEST_F(ListingClient, KnowsByItsBytesThatAListOfManyPagesIsTheSame) {
  host.count = 8'000;
  const auto fingerprint = [&] {
    return session.run(client.ask_for_list(session.port))->fingerprint({1, 2, 3, 4});
  };
  const auto before = fingerprint();
  EXPECT_EQ(fingerprint(), before);
  host.slack = 1;
  EXPECT_NE(fingerprint(), before);
}

TEST_F(ListingClient, ReadsAListWhoseSlackIsRubbish) {
  host.count = 250;
  host.slack = 0xA5;
  const auto services = list();
  ASSERT_TRUE(services) << services.error().what;
  EXPECT_EQ(from_utf16(services->services()[249].service_name), "Service10249");
}

TEST_F(ListingClient, FallsBackToTheOldCallOnce) {
  host.has_enum_services_ex = false;
  ASSERT_TRUE(list());
  ASSERT_TRUE(list());
  EXPECT_EQ(host.calls, (std::vector<std::uint16_t>{42, 14, 14, 14}));
  EXPECT_FALSE(client.traits().has_enum_services_ex);
}

TEST_F(ListingClient, FollowsAListThatGrows) {
  host.count = 100;
  ASSERT_TRUE(list());
  host.count = 500;
  host.grows_by = 1;
  const auto services = list();
  ASSERT_TRUE(services) << services.error().what;
  EXPECT_EQ(services->services().size(), 501U) << "as of the call that had room";
}

TEST_F(ListingClient, GivesUpOnAListThatGrowsWithoutEnd) {
  host.count = 100;
  host.grows_by = 4000;  // more than a call carries
  const auto services = list();
  ASSERT_FALSE(services);
  EXPECT_EQ(services.error().kind, ErrorKind::rejected);
  EXPECT_LE(host.calls.size(), 70U);
}

TEST_F(ListingClient, ReadsOnWhereOneCallCannotCarryAll) {
  host.count = 8000;
  const auto services = list();
  ASSERT_TRUE(services) << services.error().what;
  ASSERT_EQ(services->services().size(), 8000U);
  EXPECT_EQ(from_utf16(services->services()[7999].service_name), "Service17999");
  for (const auto size : host.sizes) EXPECT_LE(size, svcctl::kMostEnumeration);
}

TEST_F(ListingClient, TakesAnEmptyList) {
  host.count = 0;
  const auto services = list();
  ASSERT_TRUE(services) << services.error().what;
  EXPECT_TRUE(services->services().empty());
}

/// What enumerate() answers to this reply.
Result<svcctl::Enumeration> list_of(const svcctl::EnumServicesStatusResponse& response) {
  auto session = rpc_session(svcctl::kInterface, [&](std::uint16_t, BytesView) -> Answer {
    return svcctl::encode(response);
  });
  auto rpc = session.rpc();
  EXPECT_TRUE(session.run(rpc.bind(session.port, svcctl::kInterface)));
  svcctl::Client client(rpc);
  return session.run(client.enumerate(session.port));
}

TEST(SvcctlClient, RefusesAListThatContradictsTheQuestion) {
  const Bytes buffer(100);
  EXPECT_EQ(list_of({.buffer = buffer}).error().kind, ErrorKind::malformed)
      << "longer than asked for";
  EXPECT_EQ(list_of({.services_returned = 5}).error().kind, ErrorKind::malformed) << "no room";
  EXPECT_EQ(list_of({.bytes_needed = 0xffffffff, .return_value = svcctl::kMoreData}).error().kind,
            ErrorKind::malformed)
      << "promises more, and never gets ahead";
  EXPECT_EQ(list_of({.return_value = svcctl::kAccessDenied}).error().kind, ErrorKind::denied);
}

/// A manager that answers every call with the same return value and status.
class AnsweringClient : public testing::Test {
 protected:
  Answer answer(std::uint16_t opnum) {
    calls.push_back(opnum);
    switch (opnum) {
      case 0:
      case 15:
      case 16:
        return svcctl::encode(svcctl::HandleResponse{.handle = handle, .return_value = code});
      case 6:
        return svcctl::encode(svcctl::StatusResponse{.status = status, .return_value = code});
      case 17:
        return svcctl::encode(
            svcctl::QueryServiceConfigResponse{.config = config, .return_value = code});
      case 39:
        return svcctl::encode(svcctl::BufferResponse{.buffer = delayed, .return_value = code});
      case 40: {
        if (!has_query_status_ex) return std::unexpected(dcerpc::kOpnumOutOfRange);
        const auto buffer = svcctl::encode(status);
        return svcctl::encode(svcctl::BufferResponse{.buffer = buffer, .return_value = code});
      }
      default:
        return std::unexpected(dcerpc::kOpnumOutOfRange);
    }
  }

  svcctl::Handle handle{1};
  svcctl::ServiceStatusProcess status{{.current_state = svcctl::kRunning}, 77};
  svcctl::QueryServiceConfig config{.display_name = "Print Spooler"};
  Bytes delayed{1, 0, 0, 0};
  std::uint32_t code = 0;
  bool has_query_status_ex = true;
  std::vector<std::uint16_t> calls;

  Session session = rpc_session(svcctl::kInterface,
                                [this](std::uint16_t opnum, BytesView) { return answer(opnum); });
  dcerpc::Client rpc = session.rpc();
  bool bound = session.run(rpc.bind(session.port, svcctl::kInterface)).has_value();
  svcctl::Client client{rpc};
};

TEST_F(AnsweringClient, AsksForEverythingAboutAService) {
  ASSERT_TRUE(session.run(client.open_manager(session.port)));
  EXPECT_EQ(session.run(client.open_service(session.port, "Spooler")), handle);
  EXPECT_EQ(session.run(client.query_status(session.port, handle)), status);
  EXPECT_EQ(session.run(client.query_config(session.port, handle)), config);
  EXPECT_EQ(session.run(client.query_delayed_start(session.port, handle)), true);
  EXPECT_TRUE(session.run(client.close(session.port, handle)));
  EXPECT_EQ(calls, (std::vector<std::uint16_t>{15, 16, 40, 17, 39, 0}));
}

TEST_F(AnsweringClient, PassesOnWhatTheManagerRefuses) {
  code = svcctl::kServiceDoesNotExist;
  const auto missing = session.run(client.open_service(session.port, "Spooler"));
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_EQ(missing.error().native, 1060U);
  code = svcctl::kAccessDenied;
  EXPECT_EQ(session.run(client.open_manager(session.port)).error().kind, ErrorKind::denied);
  EXPECT_EQ(session.run(client.query_status(session.port, handle)).error().kind, ErrorKind::denied);
  EXPECT_EQ(session.run(client.query_config(session.port, handle)).error().kind, ErrorKind::denied);
}

TEST_F(AnsweringClient, FallsBackToTheStatusWithoutProcess) {
  has_query_status_ex = false;
  for (int i = 0; i < 2; i++) {
    const auto answered = session.run(client.query_status(session.port, handle));
    ASSERT_TRUE(answered);
    EXPECT_EQ(answered->current_state, svcctl::kRunning);
    EXPECT_EQ(answered->process_id, 0U);
  }
  EXPECT_EQ(calls, (std::vector<std::uint16_t>{40, 6, 6}));
}

TEST_F(AnsweringClient, PassesOnAStateThatDoesNotExist) {
  for (const bool has_ex : {true, false}) {
    has_query_status_ex = has_ex;
    status.current_state = 8;
    const auto answered = session.run(client.query_status(session.port, handle));
    ASSERT_TRUE(answered);
    EXPECT_FALSE(answered->has_valid_state());
  }
}

TEST_F(AnsweringClient, AsksOnceWhetherDelayedStartIsKnown) {
  code = svcctl::kInvalidLevel;
  for (int i = 0; i < 2; i++)
    EXPECT_EQ(session.run(client.query_delayed_start(session.port, handle)).error().kind,
              ErrorKind::unsupported);
  EXPECT_EQ(calls, (std::vector<std::uint16_t>{39}));
}

TEST_F(AnsweringClient, RefusesABufferThatIsTooSmall) {
  delayed = {1};
  EXPECT_EQ(session.run(client.query_delayed_start(session.port, handle)).error().kind,
            ErrorKind::malformed);
}

}  // namespace
}  // namespace tocsin
