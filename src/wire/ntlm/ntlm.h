// NTLMv2 logins ([MS-NLMP]) inside SPNEGO ([MS-SPNG]): both ends, as SMB uses them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/names.h"
#include "base/random.h"
#include "wire/authentication.h"

namespace tocsin::ntlm {

/// Who logs in.
struct Credentials {
  std::string domain;  ///< may be empty; "." means the accounts of the server itself
  std::string user;    ///< must not be empty: we never log in anonymously
  Secret password;
  std::string workstation;  ///< how we name ourselves; may be empty
};

/// The NetBIOS-like name that a computer gives as its workstation: "node7.corp.example" -> "NODE7".
/// At most 15 characters, as accounts name computers that they may log on from.
[[nodiscard]] std::string workstation_name(std::string_view host_name);

/// From what people write: DOMAIN\user, user@REALM (stays whole, in `user`: the server looks for
/// the domain) or user.
[[nodiscard]] Credentials make_credentials(std::string_view account, Secret password);

/// A client that demands NTLMv2 with extended session security, 128 bits, key exchange and
/// signing, and that protects the exchange by its MIC and SPNEGO's mechListMIC. `now` is used when
/// the server names no time; `target` is the service's name, e.g. "cifs/host".
/// Its steps fail as denied (the server refuses), malformed, or unsupported (the server lacks one
/// of the above).
[[nodiscard]] std::unique_ptr<wire::Initiator> make_initiator(Credentials credentials,
                                                              RandomFill random, Time now,
                                                              std::string target);

/// What a host calls itself and its domain, in the challenge that it sends to anybody. Not proven.
struct HostNames {
  std::string computer;    ///< NetBIOS
  std::string domain;      ///< NetBIOS; of a host without a domain its own name
  std::string dns_domain;  ///< may be empty
};

/// Asks for the names and goes no further: its second step reports them and fails (unsupported),
/// as nobody is to be logged in. A host logs no failed logon for it.
[[nodiscard]] std::unique_ptr<wire::Initiator> make_question(
    std::function<void(HostNames)> on_answer);

/// How a client's login ended.
struct Logon {
  std::string user;  ///< DOMAIN\user, or as the client sent it without a domain
  std::string workstation;
  std::uint32_t status = 0;  ///< NTSTATUS; 0: accepted
};

/// A pretend Windows host.
struct AcceptorOptions {
  std::string computer;      ///< NetBIOS name
  std::string domain;        ///< NetBIOS name of the domain; the computer's own in a workgroup
  std::string dns_computer;  ///< fully qualified
  std::string dns_domain;
  std::string dns_tree;  ///< the forest; empty in a workgroup
  /// The password of a user as the client names him (without the domain, or user@REALM); nothing
  /// when there is no such user.
  std::function<std::optional<Secret>(const std::string& user)> password_of;
  Time now;
  /// The NTSTATUS with which a user is refused whatever his password; 0: the password decides.
  std::function<std::uint32_t(const std::string& user)> refusal{};
  /// Is called at every login whose AUTHENTICATE_MESSAGE could be read.
  std::function<void(const Logon&)> on_logon{};
};

/// Takes NTLMv2 only; a client's MIC and mechListMIC are verified when they are there. Wrong
/// password and unknown user are the same error: denied, STATUS_LOGON_FAILURE.
[[nodiscard]] std::unique_ptr<wire::Acceptor> make_acceptor(AcceptorOptions options,
                                                            RandomFill random);

}  // namespace tocsin::ntlm
