#include "wire/smb2/status.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"

namespace tocsin::smb2 {
namespace {

struct Meaning {
  std::uint32_t status;
  Kind kind;
  std::string_view sentence;
};

constexpr auto kMeanings = std::to_array<Meaning>({
    // Who may log on, and when.
    {0xC000005E, Kind::unreachable, "the server finds no domain controller to check the password"},
    {0xC0000064, Kind::denied,
     "logon failure: no such user; write DOMAIN\\user, or HOST\\user for a local account"},
    {0xC000006A, Kind::denied, "logon failure: wrong password; correct it in the configuration"},
    {0xC000006D, Kind::denied,
     "logon failure: wrong user name or password; correct them in the configuration"},
    {0xC000006E, Kind::denied,
     "logon failure: the account has no password or may not use NTLM; set a password, or take the "
     "account out of Protected Users"},
    {0xC000006F, Kind::denied,
     "logon failure: outside the account's logon hours; allow it to log on at all hours"},
    {0xC0000070, Kind::denied,
     "logon failure: the account may not log on from this computer; add this computer's name to "
     "its \"Log On To\" list"},
    {0xC0000071, Kind::denied,
     "logon failure: the password has expired; set a new one, or let it never expire"},
    {0xC0000072, Kind::denied, "logon failure: the account is disabled; enable it"},
    {0xC0000133, Kind::denied, "logon failure: the clocks of server and domain differ too much"},
    {0xC000015B, Kind::denied,
     "logon failure: the account lacks the right to log on over the network; grant it, or use a "
     "domain account where a baseline denies local ones"},
    {0xC000018A, Kind::denied, "logon failure: the server's trust in its domain is broken"},
    {0xC000018B, Kind::denied, "logon failure: the domain does not know the server"},
    {0xC000018D, Kind::denied, "logon failure: the trust between the domains is broken"},
    {0xC0000193, Kind::denied,
     "logon failure: the account has expired; extend it, or let it never expire"},
    {0xC0000224, Kind::denied,
     "logon failure: the password must be changed first; set a new one without \"must change "
     "password at next logon\""},
    {0xC0000234, Kind::denied,
     "logon failure: the account is locked out; correct its password wherever it is used, then "
     "unlock it"},
    {0xC000035C, Kind::denied, "the session has expired"},
    {0xC0000413, Kind::denied,
     "logon failure: the account may not authenticate to this host; grant it \"Allowed to "
     "authenticate\" there, or admit it in the host's authentication policy"},
    {0xC0000418, Kind::denied,
     "logon failure: the host or its domain blocks NTLM; add an exception to its \"Restrict NTLM\" "
     "policies"},
    // What it may do.
    {0xC0000022, Kind::denied, "access denied"},
    {0xC0000061, Kind::denied, "the account lacks a privilege"},
    // What is not there.
    {0xC0000034, Kind::not_found, "no pipe of this name"},
    {0xC00000BE, Kind::not_found, "no such network path"},
    {0xC00000CC, Kind::not_found, "no share of this name"},
    {0xC0000128, Kind::not_found, "the pipe is no longer open"},
    {0xC0000225, Kind::not_found, "the server does not find what was asked for"},
    // What went away.
    {0xC00000AC, Kind::unreachable, "no instance of the pipe is available"},
    {0xC00000B0, Kind::unreachable, "the pipe was disconnected"},
    {0xC00000B1, Kind::unreachable, "the pipe is closing"},
    {0xC00000C9, Kind::unreachable, "the server has closed the share"},
    {0xC000014B, Kind::unreachable, "the pipe's other end was closed"},
    {0xC0000203, Kind::unreachable, "the server has closed the session"},
    {0xC000020C, Kind::unreachable, "the server has closed the connection"},
    {0xC00002FE, Kind::unreachable, "the server is shutting down"},
    // What may work later.
    {0xC000009A, Kind::rate_limited, "the server is short of resources"},
    {0xC00000AE, Kind::rate_limited, "the pipe is busy"},
    {0xC00000B5, Kind::timed_out, "the server's own time limit has passed"},
    {0xC00000CE, Kind::rate_limited, "the server's connection limit is reached"},
    {0xC00000D0, Kind::rate_limited, "the server accepts no more requests"},
    {0xC0000205, Kind::rate_limited, "the server is short of resources"},
    // What it cannot do.
    {0xC0000002, Kind::unsupported, "the server does not implement the request"},
    {0xC0000010, Kind::unsupported, "the server does not know the request"},
    {0xC00000BB, Kind::unsupported, "the server does not support the request"},
    // What was wrong with the asking.
    {0xC000000D, Kind::rejected, "the server calls the request invalid"},
    {0xC00000D9, Kind::rejected, "the pipe holds no reply"},
    {0xC0000120, Kind::rejected, "the request was cancelled"},
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
  return {Kind::rejected, std::move(text), code};
}

Error to_logon_error(Status status) {
  auto error = to_error(status);
  if (status == Status::access_denied) error.what = kAccessDeniedInLogon;
  if (error.kind == Kind::denied) error.kind = Kind::login_refused;
  return error;
}

}  // namespace tocsin::smb2
