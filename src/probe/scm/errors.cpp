#include "probe/scm/errors.h"

#include "probe/scm/records.h"
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
  const char* here;   ///< of this machine's own manager
  const char* there;  ///< of another machine's; null: the same
};

constexpr auto kRecipe =
    "access is denied: the account of this process may not read the services there. An "
    "administrator of that host can allow it without making the account one: `sc sdset scmanager`, "
    "as docs/windows-hosts.md shows";

Words words_for(std::uint32_t code) {
  switch (code) {
    case svcctl::kAccessDenied:
      return {ErrorKind::denied,
              "access is denied: the account of this process may not read the services; "
              "docs/windows-hosts.md shows how to allow it with `sc sdset`",
              kRecipe};
    case kLogonFailure:
      return {ErrorKind::denied,
              "the host does not know the account of this process: run tocsin as an "
              "account that it knows, or use `source: smb` with `credentials`",
              nullptr};
    case svcctl::kServiceDoesNotExist:
      return {ErrorKind::not_found, "there is no such service", nullptr};
    case svcctl::kInvalidName:
      return {ErrorKind::not_found, "no service can have this name", nullptr};
    case svcctl::kServiceMarkedForDelete:
      return {ErrorKind::rejected, "the service is marked for deletion", nullptr};
    case svcctl::kRpcServerUnavailable:
      return {ErrorKind::unreachable, "the service control manager does not answer",
              "the RPC server is unavailable: is the host up, and does its firewall let in remote "
              "service management (the rule group of that name, or TCP 445)?"};
    case kNoBadNetPath:
    case kNetNameDeleted:
      return {ErrorKind::unreachable,
              "the network path was not found: is the host up, and does its "
              "firewall let in TCP 445?",
              nullptr};
    case kInvalidNetAddress:
    case kNoSuchHost:
      return {ErrorKind::not_found,
              "no such host name: correct `host` or `address`, or the name server", nullptr};
    case svcctl::kShutdownInProgress:
      return {ErrorKind::unreachable, "this machine is shutting down", "the host is shutting down"};
    case kSemaphoreTimeout:
    case kTimeout:
      return {ErrorKind::timed_out, "no answer in time", nullptr};
    case kServerTooBusy:
      return {ErrorKind::unreachable, "the host is too busy to answer", nullptr};
    case kCallFailed:
    case kCallFailedDidNotExecute:
      return {ErrorKind::unreachable, "the connection broke during the call", nullptr};
    case svcctl::kInvalidHandle:
      return {ErrorKind::unreachable,
              "the handle to the service control manager is no longer valid", nullptr};
    case kInvalidData:
    case kBadStubData:
      return {ErrorKind::malformed, "the answer is malformed", nullptr};
    case svcctl::kMoreData:
      return {ErrorKind::rejected, "the list of services grows faster than it can be read",
              nullptr};
    case svcctl::kNotSupported:
    case svcctl::kCallNotImplemented:
    case svcctl::kInvalidLevel:
    case kUnknownInterface:
      return {ErrorKind::unsupported, "this Windows does not support it",
              "the host does not support it"};
    default:
      return {ErrorKind::rejected, "the service control manager refuses", nullptr};
  }
}

}  // namespace

Error explain(std::uint32_t code, const std::string& call, const std::string& machine) {
  const auto words = words_for(code);
  const char* said = !machine.empty() && words.there != nullptr ? words.there : words.here;
  return {words.kind, call + ": " + said + " (error " + std::to_string(code) + ")", code};
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
