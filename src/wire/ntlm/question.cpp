// What a host calls itself, read from its challenge ([MS-NLMP] 2.2.2.1).
#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "wire/ntlm/client.h"
#include "wire/ntlm/ntlm.h"

namespace tocsin::ntlm {
namespace {

std::string text_of(const Challenge& challenge, AvId id) {
  const auto* found = find(challenge.target_info, id);
  return found == nullptr ? std::string() : from_utf16(*found);
}

class Question final : public spnego::Mechanism {
 public:
  explicit Question(std::function<void(HostNames)> on_answer) : on_answer_(std::move(on_answer)) {}

  spnego::Oid oid() const override { return to_bytes(spnego::kNtlmOid); }
  Result<Bytes> step(BytesView token) override {
    if (!std::exchange(asked_, true)) return asker_.step(token);
    TRY(const auto challenge, decode_challenge(token));
    on_answer_({.computer = text_of(challenge, AvId::nb_computer_name),
                .domain = text_of(challenge, AvId::nb_domain_name),
                .dns_domain = text_of(challenge, AvId::dns_domain_name)});
    return fail(ErrorKind::unsupported, "only the names of the host were asked for");
  }
  bool complete() const override { return false; }
  Bytes session_key() const override { return {}; }
  Bytes sign(BytesView /*message*/) const override { return {}; }
  bool verify(BytesView /*message*/, BytesView /*signature*/) const override { return false; }

 private:
  std::function<void(HostNames)> on_answer_;
  Client asker_{Credentials{.user = "nobody"}, RandomFill(), Time(), std::string()};
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<wire::Initiator> make_question(std::function<void(HostNames)> on_answer) {
  return spnego::make_initiator(std::make_unique<Question>(std::move(on_answer)));
}

}  // namespace tocsin::ntlm
