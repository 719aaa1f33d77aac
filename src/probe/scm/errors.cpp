#include "probe/scm/errors.h"

#include <string_view>

#include "probe/scm/records.h"
#include "wire/svcctl/refusals.h"
#include "wire/svcctl/terms.h"

namespace tocsin::probe::scm {
namespace {

/// WinError.h, where svcctl does not name them.
enum Code : std::uint32_t {
  kNoBadNetPath = 53,               // ERROR_BAD_NETPATH
  kNetNameDeleted = 64,             // ERROR_NETNAME_DELETED
  kSemaphoreTimeout = 121,          // ERROR_SEM_TIMEOUT
  kDatabaseDoesNotExist = 1065,     // ERROR_DATABASE_DOES_NOT_EXIST
  kLogonFailure = 1326,             // ERROR_LOGON_FAILURE
  kTimeout = 1460,                  // ERROR_TIMEOUT
  kInvalidNetAddress = 1707,        // RPC_S_INVALID_NET_ADDR
  kServerTooBusy = 1723,            // RPC_S_SERVER_TOO_BUSY
  kCallFailed = 1726,               // RPC_S_CALL_FAILED
  kCallFailedDidNotExecute = 1727,  // RPC_S_CALL_FAILED_DNE
  kUnknownInterface = 1717,         // RPC_S_UNKNOWN_IF
  kBadStubData = 1783,              // RPC_X_BAD_STUB_DATA
  kNoSuchHost = 11001,              // WSAHOST_NOT_FOUND
};

struct Words {
  ErrorKind kind;
  std::string_view here;   ///< of this machine's own manager
  std::string_view there;  ///< of another machine's; empty: the same
};

constexpr auto kRecipe =
    "access is denied: the account of this process may not read the services there. An "
    "administrator of that host can allow it without making the account one: `sc.exe sdset "
    "scmanager`, as docs/windows-hosts.md shows";

Words words_for(std::uint32_t code) {
  switch (code) {
    case svcctl::kAccessDenied:
      return {ErrorKind::denied,
              "access is denied: the account of this process may not read the services; "
              "docs/windows-hosts.md shows how to allow it with `sc.exe sdset`",
              kRecipe};
    case kLogonFailure:
      return {ErrorKind::denied,
              "the host does not know the account of this process: run tocsin as an "
              "account that it knows, or use `source: smb` with `credentials`",
              {}};
    case svcctl::kInvalidName:
      return {ErrorKind::not_found, "no service can have this name", {}};
    case svcctl::kRpcServerUnavailable:
      return {ErrorKind::unreachable, "the service control manager does not answer",
              "the RPC server is unavailable: is the host up, and does its firewall let in remote "
              "service management (the rule group of that name, or TCP 445)?"};
    case kNoBadNetPath:
    case kNetNameDeleted:
      return {ErrorKind::unreachable,
              "the network path was not found: is the host up, and does its "
              "firewall let in TCP 445?",
              {}};
    case kInvalidNetAddress:
    case kNoSuchHost:
      return {ErrorKind::not_found,
              "no such host name: correct `host` or `address`, or the name server",
              {}};
    case svcctl::kShutdownInProgress:
      return {ErrorKind::unreachable, "this machine is shutting down", "the host is shutting down"};
    case kSemaphoreTimeout:
    case kTimeout:
      return {ErrorKind::timed_out, "no answer in time", {}};
    case kServerTooBusy:
      return {ErrorKind::unreachable, "the host is too busy to answer", {}};
    case kCallFailed:
    case kCallFailedDidNotExecute:
      return {ErrorKind::unreachable, "the connection broke during the call", {}};
    case svcctl::kInvalidHandle:
      return {ErrorKind::unreachable,
              "the handle to the service control manager is no longer valid",
              {}};
    case kInvalidData:
    case kBadStubData:
      return {ErrorKind::malformed, "the answer is malformed", {}};
    case svcctl::kMoreData:
      return {ErrorKind::rejected, "the list of services grows faster than it can be read", {}};
    case svcctl::kNotSupported:
    case svcctl::kCallNotImplemented:
    case svcctl::kInvalidLevel:
    case kUnknownInterface:
      return {ErrorKind::unsupported, "this Windows does not support it",
              "the host does not support it"};
    default:
      if (const auto* known = svcctl::find_refusal(code)) return {known->kind, known->words, {}};
      return {ErrorKind::rejected, "the service control manager refuses", {}};
  }
}

}  // namespace

Error explain(std::uint32_t code, const std::string& call, const std::string& machine) {
  const auto words = words_for(code);
  const auto said = !machine.empty() && !words.there.empty() ? words.there : words.here;
  return {words.kind, call + ": " + std::string(said) + " (error " + std::to_string(code) + ")",
          code};
}

bool is_about_service(std::uint32_t code) {
  switch (code) {
    case svcctl::kAccessDenied:
    case svcctl::kServiceDoesNotExist:
    case svcctl::kInvalidName:
    case svcctl::kServiceMarkedForDelete:
    case svcctl::kNotSupported:
    case svcctl::kCallNotImplemented:
    case svcctl::kInvalidLevel:
    case svcctl::kInvalidParameter:
    case svcctl::kInsufficientBuffer:
      return true;
    default:
      return false;
  }
}

}  // namespace tocsin::probe::scm
