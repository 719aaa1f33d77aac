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
    {0xC0000064, Kind::denied, "logon failure: no such user"},
    {0xC000006A, Kind::denied, "logon failure: password wrong"},
    {0xC000006D, Kind::denied, "logon failure: user name or password wrong"},
    {0xC000006E, Kind::denied, "logon failure: the account is restricted, e.g. has no password"},
    {0xC000006F, Kind::denied, "logon failure: not within the account's logon hours"},
    {0xC0000070, Kind::denied, "logon failure: the account may not log on from this computer"},
    {0xC0000071, Kind::denied, "logon failure: the password has expired"},
    {0xC0000072, Kind::denied, "logon failure: the account is disabled"},
    {0xC0000133, Kind::denied, "logon failure: the clocks of server and domain differ too much"},
    {0xC000015B, Kind::denied, "logon failure: the account may not log on over the network"},
    {0xC000018A, Kind::denied, "logon failure: the server's trust in its domain is broken"},
    {0xC000018B, Kind::denied, "logon failure: the domain does not know the server"},
    {0xC000018D, Kind::denied, "logon failure: the trust between the domains is broken"},
    {0xC0000193, Kind::denied, "logon failure: the account has expired"},
    {0xC0000224, Kind::denied, "logon failure: the password must be changed first"},
    {0xC0000234, Kind::denied, "logon failure: the account is locked out"},
    {0xC000035C, Kind::denied, "the session has expired"},
    {0xC0000413, Kind::denied, "logon failure: the account may not authenticate to this server"},
    {0xC0000418, Kind::denied, "logon failure: the server or its domain blocks NTLM"},
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

}  // namespace tocsin::smb2
