#include <filesystem>
#include <fstream>
#include <map>
#include <variant>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "kit/fixtures.h"
#include "wire/dcerpc/pdu.h"
#include "wire/svcctl/client.h"
#include "wire/svcctl/messages.h"
#include "wire/svcctl/service_list.h"

namespace tocsin::svcctl {
namespace {

template <typename Message>
Message parsed(BytesView stub) {
  auto message = parse<Message>(stub);
  EXPECT_TRUE(message) << message.error().what;
  return message ? *message : Message{};
}

/// Encodes and parses again; what the message points into lives in `stub`.
template <typename Message>
Message round_trip(const Message& message, Bytes& stub) {
  stub = encode(message);
  return parsed<Message>(stub);
}
template <typename Message>
Message round_trip(const Message& message) {
  Bytes stub;
  return round_trip(message, stub);
}

/// Stubs of real Windows by the number of their frame.
class WindowsStubs {
 public:
  WindowsStubs() {
    for (auto& fixture : kit::load_fixtures(TOCSIN_FIXTURES)) {
      const auto name = std::filesystem::path(fixture.file).stem().string();
      if (fixture.protocol != "DCERPC") continue;
      fixtures_.emplace(name.substr(0, name.find("-rpc-")), std::move(fixture));
    }
  }
  [[nodiscard]] bool empty() const { return fixtures_.empty(); }
  [[nodiscard]] BytesView stub(const std::string& frame) const {
    const auto pdu = dcerpc::parse_pdu(fixtures_.at(frame).bytes);
    if (!pdu) throw std::runtime_error(pdu.error().what);
    if (const auto* request = std::get_if<dcerpc::Request>(&pdu->body)) return request->stub;
    return std::get<dcerpc::Response>(pdu->body).stub;
  }
  [[nodiscard]] const nlohmann::json& json(const std::string& frame) const {
    return fixtures_.at(frame).json;
  }

 private:
  std::map<std::string, kit::Fixture> fixtures_;
};

class SvcctlWindows : public testing::Test {
 protected:
  void SetUp() override {
    if (windows.empty()) GTEST_SKIP() << kit::kNoFixtures;
  }
  /// Decodes a request and encodes it again: but for referents, padding and what `write` leaves
  /// out, we send what Windows sends.
  template <typename Request>
  Request request(const std::string& frame) {
    EXPECT_EQ(Request::kOpnum, windows.json(frame)["decoded"]["opnum"].get<int>());
    const auto stub = windows.stub(frame);
    auto message = parsed<Request>(stub);
    EXPECT_EQ(encode(message).size(), stub.size()) << frame;
    return message;
  }
  template <typename Response>
  Response response(const std::string& frame) {
    const auto stub = windows.stub(frame);
    auto message = parsed<Response>(stub);
    EXPECT_EQ(encode(message).size(), stub.size()) << frame;
    return message;
  }
  std::string dissected_handle(const std::string& frame) {
    return windows.json(frame)["tshark"]["svcctl.hnd"].get<std::string>();
  }

  WindowsStubs windows;
};

TEST_F(SvcctlWindows, OpensTheManager) {
  for (const auto* frame : {"sv5162-2937", "sv-psexec-158", "sv-xp-1790"}) {
    SCOPED_TRACE(frame);
    const auto& dissected = windows.json(frame)["tshark"];
    const auto open = request<OpenScManagerRequest>(frame);
    EXPECT_EQ(open.machine_name, dissected["svcctl.machinename"].get<std::string>());
    EXPECT_EQ(open.database_name.has_value(), dissected.contains("svcctl.database"));
    EXPECT_EQ(open.desired_access,
              std::stoul(dissected["svcctl.access_mask"].get<std::string>(), nullptr, 16));
  }
  for (const auto* frame : {"sv5162-2940", "sv-psexec-159", "sv-xp-1791"}) {
    const auto opened = response<HandleResponse>(frame);
    EXPECT_EQ(to_hex(opened.handle), dissected_handle(frame));
    EXPECT_EQ(opened.return_value, kSuccess);
  }
}

TEST_F(SvcctlWindows, OpensServices) {
  for (const auto* frame : {"sv-psexec-164", "sv-xp-1811"}) {
    const auto open = request<OpenServiceRequest>(frame);
    EXPECT_EQ(to_hex(open.manager), dissected_handle(frame));
    EXPECT_EQ(open.service_name,
              windows.json(frame)["tshark"]["svcctl.servicename"].get<std::string>());
  }
  EXPECT_EQ(to_hex(response<HandleResponse>("sv-xp-1812").handle), dissected_handle("sv-xp-1812"));
}

TEST_F(SvcctlWindows, ClosesHandles) {
  const auto close = request<CloseServiceHandleRequest>("sv-xp-1822");
  EXPECT_EQ(to_hex(close.handle), dissected_handle("sv-xp-1822"));
  EXPECT_EQ(response<HandleResponse>("sv-xp-1823").handle, Handle{});
}

TEST_F(SvcctlWindows, QueriesStatus) {
  request<QueryServiceStatusRequest>("sv-xp-1568");
  EXPECT_TRUE(response<StatusResponse>("sv-xp-1569").status.has_valid_state());
  EXPECT_TRUE(response<StatusResponse>("sv-psexec-169").status.has_valid_state());
  EXPECT_EQ(request<ControlServiceRequest>("sv-xp-7249").control, kStop);
  EXPECT_TRUE(response<StatusResponse>("sv-psexec-281").status.has_valid_state());
  request<StartServiceRequest>("sv-psexec-166");
  EXPECT_EQ(response<ReturnValueResponse>("sv5162-2952").return_value, 1053U) << "did not respond";
}

TEST_F(SvcctlWindows, QueriesProcessStatus) {
  const auto query = request<QueryServiceStatusExRequest>("sv-xp-4646");
  EXPECT_EQ(query.info_level, QueryServiceStatusExRequest::kProcessLevel);
  EXPECT_EQ(query.buffer_size, QueryServiceStatusExRequest::kProcessSize);

  const auto answer = response<BufferResponse>("sv-xp-4647");
  const auto& expected = windows.json("sv-xp-4647")["expected"];
  EXPECT_EQ(answer.bytes_needed, expected["needed"].get<unsigned>());
  EXPECT_EQ(answer.return_value, expected["rc"].get<unsigned>());
  const auto status = parsed<ServiceStatusProcess>(answer.buffer);
  EXPECT_EQ(status.service_type, expected["type"].get<unsigned>());
  EXPECT_EQ(status.current_state, expected["state"].get<unsigned>());
  EXPECT_EQ(status.process_id, expected["pid"].get<unsigned>());
}

TEST_F(SvcctlWindows, QueriesConfiguration) {
  EXPECT_EQ(request<QueryServiceConfigRequest>("sv-xp-1813").buffer_size, 4096U);
  const auto answer = response<QueryServiceConfigResponse>("sv-xp-1814");
  const auto& expected = windows.json("sv-xp-1814")["expected"];
  EXPECT_EQ(answer.config,
            (QueryServiceConfig{.service_type = expected["type"].get<unsigned>(),
                                .start_type = expected["start"].get<unsigned>(),
                                .error_control = expected["error"].get<unsigned>(),
                                .binary_path_name = expected["path"].get<std::string>(),
                                .load_order_group = expected["group"].get<std::string>(),
                                .tag_id = expected["tag"].get<unsigned>(),
                                .dependencies = expected["deps"].get<std::string>(),
                                .service_start_name = expected["account"].get<std::string>(),
                                .display_name = expected["display"].get<std::string>()}));
  EXPECT_EQ(answer.bytes_needed, expected["needed"].get<unsigned>());
  EXPECT_EQ(answer.return_value, expected["rc"].get<unsigned>());

  EXPECT_EQ(request<QueryServiceConfig2Request>("sv-xp-1815").info_level, 1U);
  EXPECT_EQ(response<BufferResponse>("sv-xp-1820").buffer.size(), 4112U);
}

TEST_F(SvcctlWindows, ProbesTheSizeOfTheList) {
  const auto probe = request<EnumServicesStatusRequest>("sv-xp-1792");
  EXPECT_EQ(probe.buffer_size, 36U);
  EXPECT_EQ(probe.resume_index, 0U);
  const auto answer = response<EnumServicesStatusResponse>("sv-xp-1793");
  const auto& expected = windows.json("sv-xp-1793")["expected"];
  EXPECT_EQ(answer.buffer.size(), 36U);
  EXPECT_EQ(answer.bytes_needed, expected["bytes_needed"].get<unsigned>());
  EXPECT_EQ(answer.services_returned, expected["returned"].get<unsigned>());
  EXPECT_EQ(answer.resume_index, expected["resume"].get<unsigned>());
  EXPECT_EQ(answer.return_value, kMoreData);
}

TEST_F(SvcctlWindows, ListsServicesOverSeveralFragments) {
  Bytes stub;
  for (const auto* frame : {"sv-xp-1799", "sv-xp-1806", "sv-xp-1809"}) {
    const auto part = windows.stub(frame);
    stub.insert(stub.end(), part.begin(), part.end());
  }
  const std::filesystem::path folder(TOCSIN_FIXTURES);
  const auto expected =
      nlohmann::json::parse(std::ifstream(folder / "messages" / "sv-xp-enum-expected.json"));
  const auto answer = parsed<EnumServicesStatusResponse>(stub);
  EXPECT_EQ(answer.buffer.size(), expected["cbBufSize"].get<std::size_t>());
  EXPECT_EQ(answer.bytes_needed, expected["bytes_needed"].get<unsigned>());
  EXPECT_EQ(answer.return_value, expected["rc"].get<unsigned>());
  const auto services = parse_services(answer.buffer, answer.services_returned, EnumLayout::status);
  ASSERT_TRUE(services) << services.error().what;
  ASSERT_EQ(services->size(), expected["services"].size());
  for (std::size_t i = 0; i < services->size(); i++) {
    const auto& service = (*services)[i];
    const auto& want = expected["services"][i];
    EXPECT_EQ(from_utf16(service.service_name), want["name"].get<std::string>());
    EXPECT_EQ(from_utf16(service.display_name), want["display"].get<std::string>());
    EXPECT_EQ(
        service.status,
        (ServiceStatusProcess{{.service_type = want["type"].get<unsigned>(),
                               .current_state = want["state"].get<unsigned>(),
                               .controls_accepted = want["controls"].get<unsigned>(),
                               .win32_exit_code = want["win32_exit"].get<unsigned>(),
                               .service_specific_exit_code = want["specific_exit"].get<unsigned>(),
                               .check_point = want["checkpoint"].get<unsigned>(),
                               .wait_hint = want["wait_hint"].get<unsigned>()}}));
  }
}

constexpr Handle kHandle{0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

TEST(Svcctl, RequestsRoundTrip) {
  const auto open = round_trip(OpenScManagerRequest{.machine_name = "node1", .desired_access = 5});
  EXPECT_EQ(open.machine_name, "node1");
  EXPECT_EQ(open.database_name, std::nullopt);
  EXPECT_EQ(open.desired_access, 5U);

  const auto service = round_trip(
      OpenServiceRequest{.manager = kHandle, .service_name = "Größe $&()#", .desired_access = 5});
  EXPECT_EQ(service.manager, kHandle);
  EXPECT_EQ(service.service_name, "Größe $&()#");

  const auto control = round_trip(ControlServiceRequest{.service = kHandle, .control = kPause});
  EXPECT_EQ(control.service, kHandle);
  EXPECT_EQ(control.control, kPause);

  const auto list = round_trip(EnumServicesStatusExRequest{
      .manager = kHandle, .buffer_size = 4096, .resume_index = 7, .group_name = "TDI"});
  EXPECT_EQ(list.buffer_size, 4096U);
  EXPECT_EQ(list.resume_index, 7U);
  EXPECT_EQ(list.group_name, "TDI");

  const auto config2 =
      round_trip(QueryServiceConfig2Request{.service = kHandle, .info_level = 3, .buffer_size = 4});
  EXPECT_EQ(config2.info_level, 3U);
  EXPECT_EQ(config2.buffer_size, 4U);
}

TEST(Svcctl, DependentsRoundTrip) {
  const auto asked =
      round_trip(EnumDependentServicesRequest{.service = kHandle, .buffer_size = 4096});
  EXPECT_EQ(asked.service, kHandle);
  EXPECT_EQ(asked.service_state, kActive);
  EXPECT_EQ(asked.buffer_size, 4096U);
  const Bytes buffer(36);
  Bytes stub;
  const auto answer = round_trip(
      EnumDependentServicesResponse{
          .buffer = buffer, .bytes_needed = 100, .services_returned = 1, .return_value = kMoreData},
      stub);
  EXPECT_EQ(to_bytes(answer.buffer), buffer);
  EXPECT_EQ(answer.bytes_needed, 100U);
  EXPECT_EQ(answer.services_returned, 1U);
  EXPECT_EQ(answer.return_value, kMoreData);
}

TEST(Svcctl, SaysInWordsWhyAServiceDoesNotStart) {
  const auto error = win32_error(kServiceLogonFailed, "Spooler");
  EXPECT_EQ(error.what, "Spooler: the account of the service could not log on (error 1069)");
  EXPECT_EQ(error.kind, ErrorKind::rejected);
  EXPECT_EQ(error.native, 1069U);
  EXPECT_EQ(win32_error(4711, "x").what, "x: the service manager refuses (error 4711)");
  for (const auto code :
       {1051U, 1052U, 1053U, 1054U, 1055U, 1056U, 1057U, 1058U, 1059U, 1061U, 1062U,
        1066U, 1067U, 1068U, 1069U, 1070U, 1072U, 1075U, 1077U, 1079U, 1115U})
    EXPECT_NE(find_refusal(code), nullptr) << code;
}

TEST(Svcctl, ConfigurationRoundTrips) {
  const QueryServiceConfig config{.service_type = kWin32OwnProcess,
                                  .start_type = kAutoStart,
                                  .error_control = 1,
                                  .binary_path_name = "\"C:\\Program Files\\Qlik\\Engine.exe\"",
                                  .load_order_group = "",
                                  .tag_id = 0,
                                  .dependencies = "RpcSs/+TDI/",
                                  .service_start_name = "LocalSystem",
                                  .display_name = "Qlik Sense Engine Service"};
  EXPECT_EQ(round_trip(QueryServiceConfigResponse{.config = config}).config, config);
  EXPECT_EQ(config.dependency_names(), (std::vector<std::string>{"RpcSs", "+TDI"}));
  EXPECT_TRUE(QueryServiceConfig{}.dependency_names().empty());
}

TEST(Svcctl, ABufferOfOddSizeIsPaddedBeforeWhatFollows) {
  const Bytes buffer{1, 2, 3};
  Bytes stub;
  const auto answer = round_trip(BufferResponse{.buffer = buffer, .bytes_needed = 9}, stub);
  EXPECT_EQ(stub.size(), 4U + 4U + 4U + 4U);
  EXPECT_EQ(to_bytes(answer.buffer), buffer);
  EXPECT_EQ(answer.bytes_needed, 9U);
}

class Listing : public testing::TestWithParam<EnumLayout> {
 protected:
  /// Two services in a buffer with a gap.
  Bytes buffer(std::size_t gap = 100) {
    const std::vector<EnumServiceStatus> services{
        {.service_name = alpha, .display_name = alpha_display, .status = running},
        {.service_name = beta, .display_name = {}, .status = stopped}};
    return encode_services(services, GetParam(), used() + gap);
  }
  [[nodiscard]] std::size_t record() const { return std::to_underlying(GetParam()); }
  [[nodiscard]] std::size_t used() const {
    return 2 * record() + alpha.size() + alpha_display.size() + beta.size() + 8;
  }
  [[nodiscard]] ErrorKind refusal(BytesView bytes, std::size_t count = 2) const {
    const auto services = parse_services(bytes, count, GetParam());
    EXPECT_FALSE(services);
    return services ? ErrorKind::storage : services.error().kind;
  }
  static void put(Bytes& bytes, std::size_t at, std::uint32_t value) {
    for (unsigned i = 0; i < 4; i++) bytes.at(at + i) = static_cast<std::uint8_t>(value >> (8 * i));
  }

  Bytes alpha = to_utf16("Alpha");
  Bytes alpha_display = to_utf16("Älpha service");
  Bytes beta = to_utf16("beta$1");
  ServiceStatusProcess running{{.service_type = kWin32OwnProcess, .current_state = kRunning}, 42};
  ServiceStatusProcess stopped{
      {.service_type = kWin32ShareProcess | kInteractiveProcess, .current_state = kStopped}};
};

INSTANTIATE_TEST_SUITE_P(Layouts, Listing,
                         testing::Values(EnumLayout::status, EnumLayout::status_process));

TEST_P(Listing, RoundTrips) {
  const auto bytes = buffer();
  const auto services = parse_services(bytes, 2, GetParam());
  ASSERT_TRUE(services) << services.error().what;
  EXPECT_EQ(name_key((*services)[0].service_name), name_key(alpha));
  EXPECT_EQ(from_utf16((*services)[0].display_name), "Älpha service");
  EXPECT_EQ((*services)[0].status.current_state, kRunning);
  EXPECT_EQ((*services)[0].status.process_id, GetParam() == EnumLayout::status_process ? 42U : 0U);
  EXPECT_EQ(from_utf16((*services)[1].service_name), "beta$1");
  EXPECT_EQ((*services)[1].status.service_type, stopped.service_type);
}

TEST_P(Listing, PacksTextDownwardsFromTheEnd) {
  const auto bytes = buffer();
  const auto first_name = Reader(bytes).u32();
  EXPECT_EQ(first_name + alpha.size() + 2 + alpha_display.size() + 2, bytes.size());
  EXPECT_NO_THROW(buffer(0));
  EXPECT_NO_THROW(buffer(1));
  EXPECT_THROW((void)encode_services(std::vector<EnumServiceStatus>(1), GetParam(), 10),
               std::length_error);
}

TEST_P(Listing, RefusesWhatLiesOutside) {
  const auto good = buffer();
  EXPECT_EQ(refusal(good, 1000), ErrorKind::malformed) << "more records than room";
  EXPECT_EQ(refusal(good, 0xffffffff), ErrorKind::malformed);
  auto bad = good;
  put(bad, 0, static_cast<std::uint32_t>(good.size()));
  EXPECT_EQ(refusal(bad), ErrorKind::malformed) << "a name at the end";
  put(bad, 0, 0xfffffffe);
  EXPECT_EQ(refusal(bad), ErrorKind::malformed) << "a name far away";
  bad = good;
  put(bad, record() + 4, static_cast<std::uint32_t>(good.size()) - 1);
  EXPECT_EQ(refusal(bad), ErrorKind::malformed) << "a name at an odd offset";
  bad = good;
  bad[bad.size() - 2] = 'x';
  EXPECT_EQ(refusal(bad), ErrorKind::malformed) << "a name without terminator";
  EXPECT_EQ(refusal({}, 1), ErrorKind::malformed);
}

TEST_P(Listing, FindsTheEndOfNamesOfAnyLengthAndCharacters) {
  // In UTF-16 these have zeros in one byte, in the other, in none.
  for (const std::string character : {"a", "Ā", "ā", "\U00010000"}) {
    std::string name;
    for (int length = 1; length < 12; length++) {
      name += character;
      alpha = to_utf16(name);
      alpha_display = to_utf16(name.substr(character.size()));
      const auto bytes = buffer(0);
      const auto services = parse_services(bytes, 2, GetParam());
      ASSERT_TRUE(services) << services.error().what;
      EXPECT_EQ(from_utf16((*services)[0].service_name), name);
      EXPECT_EQ(name_key((*services)[0].display_name), name_key(alpha_display));
    }
  }
}

TEST_P(Listing, RefusesAnAnswerThatEndsInTheMiddleOfAName) {
  const auto good = buffer(0);
  for (std::size_t cut = 1; cut < alpha_display.size() + 2; cut++)
    EXPECT_EQ(refusal(BytesView(good).first(good.size() - cut)), ErrorKind::malformed) << cut;
}

TEST_P(Listing, KeepsServicesWhoseStateDoesNotExist) {
  for (const std::uint32_t state : {0U, 8U}) {
    auto odd = buffer();
    put(odd, 8 + 4, state);
    const auto services = parse_services(odd, 2, GetParam());
    ASSERT_TRUE(services) << services.error().what;
    EXPECT_FALSE((*services)[0].status.has_valid_state());
    EXPECT_TRUE((*services)[1].status.has_valid_state());
  }
}

TEST_P(Listing, RefusesNamesLongerThanWindowsAllows) {
  const auto list = [&](std::size_t units) {
    alpha = to_utf16(std::string(units, 'a'));
    return buffer();
  };
  EXPECT_TRUE(parse_services(list(kMostName), 2, GetParam()));
  EXPECT_EQ(refusal(list(kMostName + 1)), ErrorKind::malformed);
}

TEST(Svcctl, CodesOfTheManagerBecomeKinds) {
  EXPECT_EQ(win32_error(5, "x").kind, ErrorKind::denied);
  EXPECT_EQ(win32_error(1060, "x").kind, ErrorKind::not_found);
  EXPECT_EQ(win32_error(1722, "x").kind, ErrorKind::unreachable);
  EXPECT_EQ(win32_error(124, "x").kind, ErrorKind::unsupported);
  EXPECT_EQ(win32_error(87, "x").kind, ErrorKind::rejected);
  EXPECT_EQ(win32_error(1060, "ROpenServiceW").what,
            "ROpenServiceW: there is no such service (error 1060)");
  EXPECT_EQ(win32_error(1060, "x").native, 1060U);
}

}  // namespace
}  // namespace tocsin::svcctl
