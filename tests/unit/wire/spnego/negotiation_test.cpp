#include "wire/spnego/negotiation.h"

#include <gtest/gtest.h>

#include "base/try.h"

namespace tocsin::spnego {
namespace {

const Oid kOurs = to_bytes(kNtlmOid);
const Oid kAlias{0x2a, 0x04};  // another name of ours
const Oid kOther{0x2a, 0x03};

/// Two tokens of a client and one of a server; a signature names its side and the message.
class FakeMechanism final : public ServerMechanism {
 public:
  FakeMechanism(std::string mine, std::string theirs, int steps)
      : mine_(std::move(mine)), theirs_(std::move(theirs)), steps_(steps) {}

  Oid oid() const override { return kOurs; }
  std::vector<Oid> other_oids() const override { return {kAlias}; }
  Result<Bytes> step(BytesView token) override {
    if (std::string(token.begin(), token.end()) == "bad")
      return fail(ErrorKind::denied, "bad token");
    steps_--;
    return to_bytes(as_bytes(mine_ + std::to_string(steps_)));
  }
  bool complete() const override { return steps_ == 0; }
  Bytes session_key() const override { return Bytes(16, 1); }
  Bytes sign(BytesView message) const override { return signed_by(mine_, message); }
  bool verify(BytesView message, BytesView signature) const override {
    return to_bytes(signature) == signed_by(theirs_, message);
  }
  std::string user() const override { return "user"; }

  static Bytes signed_by(const std::string& side, BytesView message) {
    return to_bytes(as_bytes(side + to_hex(message)));
  }

 private:
  std::string mine_;
  std::string theirs_;
  int steps_;
};

std::unique_ptr<wire::Initiator> make_client() {
  return make_initiator(std::make_unique<FakeMechanism>("client", "server", 2));
}
std::unique_ptr<wire::Acceptor> make_server() {
  return make_acceptor(std::make_unique<FakeMechanism>("server", "client", 2));
}
Bytes text(std::string_view content) { return to_bytes(as_bytes(content)); }

TEST(SpnegoInitiator, OffersItsMechanismWithAToken) {
  const auto token = make_client()->step({}).value();
  EXPECT_EQ(decode_init(token).value(),
            (NegTokenInit{.mech_types = {kOurs, kAlias}, .mech_token = text("client1")}));
}

TEST(SpnegoInitiator, OffersThoseOfItsNamesThatTheServerKnows) {
  for (const auto& name : {kOurs, kAlias}) {
    const auto offer =
        make_client()->step(encode(NegTokenInit{.mech_types = {kOther, name}})).value();
    EXPECT_EQ(decode_init(offer)->mech_types, std::vector<Oid>(1, name));
  }
}

/// What a client of a mechanism with one token of each side makes of the server's answer.
Result<Bytes> client_of_one_step_says(const NegTokenResp& answer) {
  const auto client = make_initiator(std::make_unique<FakeMechanism>("client", "server", 2));
  TRY(client->step({}));
  auto said = client->step(encode(answer));
  if (said && client->complete() != said->empty()) return fail(ErrorKind::malformed, "incomplete");
  return said;
}

TEST(SpnegoInitiator, EndsWithTheServersLastToken) {
  NegTokenResp last{.state = NegState::accept_completed,
                    .supported_mech = kAlias,
                    .response_token = text("server1")};
  EXPECT_EQ(client_of_one_step_says(last).value(), Bytes{});
  last.mech_list_mic = text("wrong");
  EXPECT_EQ(client_of_one_step_says(last).error().kind, ErrorKind::malformed);
  last.mech_list_mic = FakeMechanism::signed_by("server", encode_mech_types({kOurs, kAlias}));
  EXPECT_EQ(client_of_one_step_says(last).value(), Bytes{});
}

TEST(SpnegoInitiator, TellsWhyItIsRejectedWhereTheTokenSaysSo) {
  const auto why =
      client_of_one_step_says({.state = NegState::reject, .response_token = text("bad")});
  EXPECT_EQ(why.error().what, "bad token");
}

TEST(SpnegoInitiator, ChoosesByTheHintsMechanismsNotByItsToken) {
  EXPECT_TRUE(make_client()->step(encode(
      NegTokenInit{.mech_types = {kOther, kOurs}, .mech_token = text("for the other one")})));
  const auto none = make_client()->step(encode(NegTokenInit{.mech_types = {kOther}}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(make_client()->step(text("garbage")).error().kind, ErrorKind::malformed);
}

/// The client's answer to a server's answers, the last one first to fail.
Result<Bytes> client_says(const std::vector<NegTokenResp>& answers) {
  const auto client = make_client();
  auto said = client->step({});
  for (const auto& answer : answers) {
    if (!said) return said;
    said = client->step(encode(answer));
  }
  if (said && said->empty() != client->complete()) return fail(ErrorKind::malformed, "incomplete");
  return said;
}
const NegTokenResp kChallenge{.state = NegState::accept_incomplete,
                              .supported_mech = kOurs,
                              .response_token = text("server1")};
const Bytes kServerMic = FakeMechanism::signed_by("server", encode_mech_types({kOurs, kAlias}));

TEST(SpnegoInitiator, SignsItsOfferAndChecksTheServersSignature) {
  EXPECT_EQ(decode_resp(client_says({kChallenge}).value()).value(),
            (NegTokenResp{.response_token = text("client0"),
                          .mech_list_mic = FakeMechanism::signed_by(
                              "client", encode_mech_types({kOurs, kAlias}))}));
  EXPECT_EQ(
      client_says({kChallenge, {.state = NegState::accept_completed, .mech_list_mic = kServerMic}})
          .value(),
      Bytes{});
  EXPECT_EQ(client_says({kChallenge, {.state = NegState::accept_completed}}).value(), Bytes{});
  EXPECT_EQ(client_says(
                {kChallenge, {.state = NegState::accept_completed, .mech_list_mic = text("wrong")}})
                .error()
                .kind,
            ErrorKind::malformed);
}

TEST(SpnegoInitiator, TakesNoOtherCourse) {
  EXPECT_EQ(client_says({{.state = NegState::reject}}).error().kind, ErrorKind::denied);
  EXPECT_EQ(client_says({kChallenge, {.state = NegState::reject}}).error().kind, ErrorKind::denied);
  EXPECT_EQ(client_says({{.supported_mech = kOther, .response_token = text("x")}}).error().kind,
            ErrorKind::unsupported);
  EXPECT_EQ(client_says({{.response_token = text("bad")}}).error().kind, ErrorKind::denied);
  const NegTokenResp end{.state = NegState::accept_completed, .mech_list_mic = kServerMic};
  EXPECT_EQ(
      client_says({kChallenge, {.state = NegState::accept_incomplete, .mech_list_mic = kServerMic}})
          .error()
          .kind,
      ErrorKind::malformed);
  EXPECT_EQ(client_says({kChallenge, end, end}).error().kind, ErrorKind::malformed);
}

TEST(SpnegoAcceptor, HintsAtItsMechanism) {
  EXPECT_EQ(decode_init(make_server()->hint()).value(),
            (NegTokenInit{.mech_types = {kOurs}, .hint_name = std::string(kHintName)}));
}

TEST(SpnegoAcceptor, AnswersTheMicOnlyWhenThereIsOne) {
  const auto mech_types = encode_mech_types({kOurs});
  for (const bool with_mic : {false, true}) {
    const auto server = make_server();
    const auto challenge =
        server->step(encode(NegTokenInit{.mech_types = {kOurs}, .mech_token = text("client1")}));
    EXPECT_EQ(decode_resp(challenge.value()).value(), kChallenge);
    NegTokenResp last{.response_token = text("client0")};
    if (with_mic) last.mech_list_mic = FakeMechanism::signed_by("client", mech_types);
    const auto end = decode_resp(server->step(encode(last)).value()).value();
    EXPECT_EQ(end.state, NegState::accept_completed);
    EXPECT_EQ(end.mech_list_mic.has_value(), with_mic);
    EXPECT_TRUE(server->complete());
    EXPECT_EQ(server->user(), "user");
    EXPECT_FALSE(server->step(encode(last)));
  }
}

/// The end of a login by a client that likes another mechanism best.
Result<Bytes> server_says_to_reordered(std::optional<Bytes> mic) {
  const auto server = make_server();
  const auto asked = server->step(
      encode(NegTokenInit{.mech_types = {kOther, kOurs}, .mech_token = text("for the other one")}));
  EXPECT_EQ(decode_resp(asked.value()).value(),
            (NegTokenResp{.state = NegState::request_mic, .supported_mech = kOurs}));
  EXPECT_TRUE(server->step(encode(NegTokenResp{.response_token = text("client1")})));
  return server->step(
      encode(NegTokenResp{.response_token = text("client0"), .mech_list_mic = std::move(mic)}));
}

TEST(SpnegoAcceptor, DemandsTheMicWhenItChoseAgainstTheClientsPreference) {
  const auto reordered = encode_mech_types({kOther, kOurs});
  EXPECT_TRUE(server_says_to_reordered(FakeMechanism::signed_by("client", reordered)));
  EXPECT_EQ(server_says_to_reordered(std::nullopt).error().kind, ErrorKind::malformed);
  EXPECT_EQ(server_says_to_reordered(FakeMechanism::signed_by("client", encode_mech_types({kOurs})))
                .error()
                .kind,
            ErrorKind::malformed);
}

TEST(SpnegoAcceptor, RefusesClientsWithoutItsMechanism) {
  const auto answer = make_server()->step(encode(NegTokenInit{.mech_types = {kOther}}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unsupported);
}

}  // namespace
}  // namespace tocsin::spnego
