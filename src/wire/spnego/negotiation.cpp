#include "wire/spnego/negotiation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/try.h"

namespace tocsin::spnego {
namespace {

bool lists(const std::vector<Oid>& mech_types, const Oid& oid) {
  return std::ranges::find(mech_types, oid) != mech_types.end();
}

Result<> check_mic(const Mechanism& mechanism, BytesView mech_types,
                   const std::optional<Bytes>& mic) {
  if (!mic) return fail(ErrorKind::malformed, "the mechListMIC of the SPNEGO exchange is missing");
  if (!mechanism.verify(mech_types, *mic))
    return fail(ErrorKind::malformed, "the mechListMIC of the SPNEGO exchange does not verify");
  return {};
}

class Initiator final : public wire::Initiator {
 public:
  explicit Initiator(std::unique_ptr<Mechanism> mechanism) : mechanism_(std::move(mechanism)) {}

  Result<Bytes> step(BytesView token) override {
    if (offered_.empty()) return start(token);
    TRY(auto answer, decode_resp(token));
    if (answer.state == NegState::reject) return reject(answer);
    if (answer.supported_mech && !lists(offered_, *answer.supported_mech))
      return fail(ErrorKind::unsupported, "the server chose a mechanism that was not offered");
    return mechanism_->complete() ? finish(answer) : proceed(answer);
  }
  bool complete() const override { return complete_; }
  Bytes session_key() const override { return mechanism_->session_key(); }

 private:
  Result<Bytes> start(BytesView hint) {
    auto names = mechanism_->other_oids();
    names.insert(names.begin(), mechanism_->oid());
    if (!hint.empty()) {
      TRY(auto offer, decode_init(hint));
      std::erase_if(names, [&](const Oid& name) { return !lists(offer.mech_types, name); });
      if (names.empty())
        return fail(ErrorKind::unsupported, "the server does not offer the mechanism of the login");
    }
    TRY(auto token, mechanism_->step({}));
    offered_ = std::move(names);
    return encode(NegTokenInit{.mech_types = offered_, .mech_token = std::move(token)});
  }

  Result<Bytes> reject(const NegTokenResp& answer) {
    // Kerberos says why.
    if (answer.response_token && !mechanism_->complete()) {
      TRY(mechanism_->step(*answer.response_token));
    }
    return fail(ErrorKind::denied, "the server rejects the login");
  }

  Result<Bytes> proceed(const NegTokenResp& answer) {
    TRY(auto token, mechanism_->step(answer.response_token.value_or(Bytes{})));
    // Kerberos needs one token of each side, so that its last one ends the exchange.
    if (mechanism_->complete() && answer.state == NegState::accept_completed) return finish(answer);
    NegTokenResp reply{.response_token = std::move(token)};
    if (mechanism_->complete()) reply.mech_list_mic = mechanism_->sign(mech_types());
    return encode(reply);
  }

  Result<Bytes> finish(const NegTokenResp& answer) {
    if (complete_ || answer.state != NegState::accept_completed)
      return fail(ErrorKind::malformed, "the server goes on where the SPNEGO exchange ends");
    // Some servers answer no MIC to ours. We offer one mechanism, so there is no choice that it
    // would protect (RFC 4178, 5: it is optional then); one that is there must be right.
    if (answer.mech_list_mic) {
      TRY(check_mic(*mechanism_, mech_types(), answer.mech_list_mic));
    }
    complete_ = true;
    return Bytes{};
  }

  [[nodiscard]] Bytes mech_types() const { return encode_mech_types(offered_); }

  std::unique_ptr<Mechanism> mechanism_;
  std::vector<Oid> offered_;
  bool complete_ = false;
};

class Acceptor final : public wire::Acceptor {
 public:
  explicit Acceptor(std::unique_ptr<ServerMechanism> mechanism)
      : mechanism_(std::move(mechanism)) {}

  Bytes hint() override {
    return encode(
        NegTokenInit{.mech_types = {mechanism_->oid()}, .hint_name = std::string(kHintName)});
  }
  Result<Bytes> step(BytesView token) override {
    if (complete_)
      return fail(ErrorKind::malformed, "the client goes on after the end of its login");
    if (mech_types_.empty()) return start(token);
    TRY(auto answer, decode_resp(token));
    return proceed(answer.response_token.value_or(Bytes{}), answer.mech_list_mic);
  }
  bool complete() const override { return complete_; }
  Bytes session_key() const override { return mechanism_->session_key(); }
  std::string user() const override { return mechanism_->user(); }

 private:
  Result<Bytes> start(BytesView token) {
    TRY(auto offer, decode_init(token));
    if (!lists(offer.mech_types, mechanism_->oid()))
      return fail(ErrorKind::unsupported, "the client does not offer the mechanism of this server");
    mech_types_ = encode_mech_types(offer.mech_types);
    preferred_ = offer.mech_types.front() == mechanism_->oid();
    const auto& first = offer.mech_token;
    if (preferred_ && first) return proceed(*first, std::nullopt, mechanism_->oid());
    // The token, if any, is of the mechanism that the client likes best: ask for one of ours.
    return encode(
        NegTokenResp{.state = preferred_ ? NegState::accept_incomplete : NegState::request_mic,
                     .supported_mech = mechanism_->oid()});
  }

  Result<Bytes> proceed(BytesView token, const std::optional<Bytes>& mic,
                        std::optional<Oid> announce = {}) {
    TRY(auto reply, mechanism_->step(token));
    NegTokenResp answer{.state = NegState::accept_incomplete,
                        .supported_mech = std::move(announce)};
    if (!reply.empty()) answer.response_token = std::move(reply);
    if (mechanism_->complete()) {
      if (mic || !preferred_) {
        TRY(check_mic(*mechanism_, mech_types_, mic));
        answer.mech_list_mic = mechanism_->sign(mech_types_);
      }
      answer.state = NegState::accept_completed;
      complete_ = true;
    }
    return encode(answer);
  }

  std::unique_ptr<ServerMechanism> mechanism_;
  Bytes mech_types_;  ///< as the client sent them
  bool preferred_ = false;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<wire::Initiator> make_initiator(std::unique_ptr<Mechanism> mechanism) {
  return std::make_unique<Initiator>(std::move(mechanism));
}

std::unique_ptr<wire::Acceptor> make_acceptor(std::unique_ptr<ServerMechanism> mechanism) {
  return std::make_unique<Acceptor>(std::move(mechanism));
}

}  // namespace tocsin::spnego
