#include "wire/smb2/status.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"

namespace tocsin::smb2 {
namespace {

struct Meaning {
  std::uint32_t status;
  ErrorKind kind;
  std::string_view sentence;
};

constexpr auto kMeanings = std::to_array<Meaning>({
    // Who may log on, and when.
    {0xC000005E, ErrorKind::unreachable,
     "the server finds no domain controller to check the password"},
    {0xC0000064, ErrorKind::denied,
     "logon failure: no such user; write DOMAIN\\user, or HOST\\user for a local account"},
    {0xC000006A, ErrorKind::denied,
     "logon failure: wrong password; correct it in the configuration"},
    {0xC000006D, ErrorKind::denied,
     "logon failure: wrong user name or password; correct them in the configuration"},
    {0xC000006E, ErrorKind::denied,
     "logon failure: the account has no password or may not use NTLM; set a password, or take the "
     "account out of Protected Users"},
    {0xC000006F, ErrorKind::denied,
     "logon failure: outside the account's logon hours; allow it to log on at all hours"},
    {0xC0000070, ErrorKind::denied,
     "logon failure: the account may not log on from this computer; add this computer's name to "
     "its \"Log On To\" list"},
    {0xC0000071, ErrorKind::denied,
     "logon failure: the password has expired; set a new one, or let it never expire"},
    {0xC0000072, ErrorKind::denied, "logon failure: the account is disabled; enable it"},
    {0xC0000133, ErrorKind::denied,
     "logon failure: the clocks of server and domain differ too much"},
    {0xC000015B, ErrorKind::denied,
     "logon failure: the account lacks the right to log on over the network; grant it, or use a "
     "domain account where a baseline denies local ones"},
    {0xC000018A, ErrorKind::denied, "logon failure: the server's trust in its domain is broken"},
    {0xC000018B, ErrorKind::denied, "logon failure: the domain does not know the server"},
    {0xC000018D, ErrorKind::denied, "logon failure: the trust between the domains is broken"},
    {0xC0000193, ErrorKind::denied,
     "logon failure: the account has expired; extend it, or let it never expire"},
    {0xC0000224, ErrorKind::denied,
     "logon failure: the password must be changed first; set a new one without \"must change "
     "password at next logon\""},
    {0xC0000234, ErrorKind::denied,
     "logon failure: the account is locked out; correct its password wherever it is used, then "
     "unlock it"},
    {0xC000035C, ErrorKind::denied, "the session has expired"},
    {0xC0000413, ErrorKind::denied,
     "logon failure: the account may not authenticate to this host; grant it \"Allowed to "
     "authenticate\" there, or admit it in the host's authentication policy"},
    {0xC0000418, ErrorKind::denied,
     "logon failure: the host or its domain blocks NTLM; add an exception to its \"Restrict NTLM\" "
     "policies"},
    // What it may do.
    {0xC0000022, ErrorKind::denied, "access denied"},
    {0xC0000061, ErrorKind::denied, "the account lacks a privilege"},
    // What is not there.
    {0xC0000034, ErrorKind::not_found, "no pipe of this name"},
    {0xC00000BE, ErrorKind::not_found, "no such network path"},
    {0xC00000CC, ErrorKind::not_found, "no share of this name"},
    {0xC0000128, ErrorKind::not_found, "the pipe is no longer open"},
    {0xC0000225, ErrorKind::not_found, "the server does not find what was asked for"},
    // What went away.
    {0xC00000AC, ErrorKind::unreachable, "no instance of the pipe is available"},
    {0xC00000B0, ErrorKind::unreachable, "the pipe was disconnected"},
    {0xC00000B1, ErrorKind::unreachable, "the pipe is closing"},
    {0xC00000C9, ErrorKind::unreachable, "the server has closed the share"},
    {0xC000014B, ErrorKind::unreachable, "the pipe's other end was closed"},
    {0xC0000203, ErrorKind::unreachable, "the server has closed the session"},
    {0xC000020C, ErrorKind::unreachable, "the server has closed the connection"},
    {0xC00002FE, ErrorKind::unreachable, "the server is shutting down"},
    // What may work later.
    {0xC000009A, ErrorKind::rate_limited, "the server is short of resources"},
    {0xC00000AE, ErrorKind::rate_limited, "the pipe is busy"},
    {0xC00000B5, ErrorKind::timed_out, "the server's own time limit has passed"},
    {0xC00000CE, ErrorKind::rate_limited, "the server's connection limit is reached"},
    {0xC00000D0, ErrorKind::rate_limited, "the server accepts no more requests"},
    {0xC0000205, ErrorKind::rate_limited, "the server is short of resources"},
    // What it cannot do.
    {0xC0000002, ErrorKind::unsupported, "the server does not implement the request"},
    {0xC0000010, ErrorKind::unsupported, "the server does not know the request"},
    {0xC00000BB, ErrorKind::unsupported, "the server does not support the request"},
    // What was wrong with the asking.
    {0xC000000D, ErrorKind::rejected, "the server calls the request invalid"},
    {0xC00000D9, ErrorKind::rejected, "the pipe holds no reply"},
    {0xC0000120, ErrorKind::rejected, "the request was cancelled"},
});
static_assert(std::ranges::all_of(kMeanings, [](const Meaning& m) { return m.status >> 30 == 3; }));

/// What SmbServerNameHardeningLevel 1 and 2 answer to a service name with a host name that is not
/// the host's own: an alias, a cluster's name on another node, an address that is translated.
constexpr std::string_view kAccessDeniedInLogon =
    "logon failure: access denied; the host may check the name it is called by (its event 5168): "
    "use its own name as `address`, or add this one to its SrvAllowedServerNames";

}  // namespace

Error to_error(Status status) {
  const auto code = static_cast<std::uint32_t>(status);
  const auto known = std::ranges::find(kMeanings, code, &Meaning::status);
  if (known != kMeanings.end()) return {known->kind, std::string(known->sentence), code};
  std::string text = "the server answers NTSTATUS 0x";
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::uint8_t>(code >> shift);
    text += to_hex({&byte, 1});
  }
  return {ErrorKind::rejected, std::move(text), code};
}

Error to_logon_error(Status status) {
  auto error = to_error(status);
  if (status == Status::access_denied) error.what = kAccessDeniedInLogon;
  if (error.kind == ErrorKind::denied) error.kind = ErrorKind::login_refused;
  return error;
}

}  // namespace tocsin::smb2
