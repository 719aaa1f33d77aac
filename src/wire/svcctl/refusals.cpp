#include "wire/svcctl/refusals.h"

#include <algorithm>
#include <array>
#include <string>

#include "wire/svcctl/terms.h"

namespace tocsin::svcctl {
namespace {

constexpr std::array kRefusals = std::to_array<Refusal>({
    {kFileNotFound, ErrorKind::rejected, "the program of the service was not found"},
    {kPathNotFound, ErrorKind::rejected, "the program of the service was not found"},
    {kAccessDenied, ErrorKind::denied, "access is denied"},
    {kInvalidHandle, ErrorKind::rejected, "the handle is not valid (any more)"},
    {kNotSupported, ErrorKind::unsupported, "the host does not know the question"},
    {kCallNotImplemented, ErrorKind::unsupported, "the host does not know the question"},
    {kInvalidLevel, ErrorKind::unsupported, "the host does not know the question"},
    {kBadProgram, ErrorKind::rejected, "the program of the service is not one for this Windows"},
    {kBadSignature, ErrorKind::rejected, "the signature of its program cannot be verified"},
    {kDependentServicesRunning, ErrorKind::rejected, "services that depend on it still run"},
    {kInvalidServiceControl, ErrorKind::rejected, "the service does not take this control"},
    {kServiceRequestTimeout, ErrorKind::timed_out, "the service did not respond in time"},
    {kServiceNoThread, ErrorKind::rejected, "the host could not create a thread for the service"},
    {kServiceDatabaseLocked, ErrorKind::rejected,
     "the service manager is locked by another program"},
    {kServiceAlreadyRunning, ErrorKind::rejected, "the service runs already"},
    {kInvalidServiceAccount, ErrorKind::rejected,
     "the account of the service does not exist, or its password is wrong"},
    {kServiceDisabled, ErrorKind::rejected, "the service, or one that it depends on, is disabled"},
    {kCircularDependency, ErrorKind::rejected, "the service depends on itself through others"},
    {kServiceDoesNotExist, ErrorKind::not_found, "there is no such service"},
    {kServiceCannotAcceptControl, ErrorKind::rejected,
     "the service takes no controls in its present state"},
    {kServiceNotActive, ErrorKind::rejected, "the service does not run"},
    {kServiceSpecificError, ErrorKind::rejected, "the service stopped with an error of its own"},
    {kProcessAborted, ErrorKind::rejected, "the process of the service ended unexpectedly"},
    {kServiceDependencyFailed, ErrorKind::rejected, "a service that it depends on did not start"},
    {kServiceLogonFailed, ErrorKind::rejected, "the account of the service could not log on"},
    {kServiceStartHang, ErrorKind::timed_out, "the service hung while it started"},
    {kServiceMarkedForDelete, ErrorKind::rejected, "the service is marked for deletion"},
    {kServiceDependencyDeleted, ErrorKind::rejected,
     "it depends on a service that does not exist or is marked for deletion"},
    {kServiceNeverStarted, ErrorKind::rejected,
     "nobody has tried to start the service since the host booted"},
    {kDifferentServiceAccount, ErrorKind::rejected,
     "its account is another one than that of the other services in its process"},
    {kShutdownInProgress, ErrorKind::unreachable, "the host is shutting down"},
    {kRequestAborted, ErrorKind::rejected, "the host has ended the wait"},
    {kAlreadyRegistered, ErrorKind::rejected, "somebody waits for it already"},
    {kNotifyClientLagging, ErrorKind::rejected, "changes came faster than they were fetched"},
    {kRpcServerUnavailable, ErrorKind::unreachable, "the service manager is not available"},
});

}  // namespace

const Refusal* find_refusal(std::uint32_t code) {
  const auto* found = std::ranges::find(kRefusals, code, &Refusal::code);
  return found == kRefusals.end() ? nullptr : found;
}

Error win32_error(std::uint32_t code) {
  const auto* known = find_refusal(code);
  const auto words = known != nullptr ? known->words : "the service manager refuses";
  return {known != nullptr ? known->kind : ErrorKind::rejected,
          std::string(words) + " (error " + std::to_string(code) + ")", code};
}

Error win32_error(std::uint32_t code, std::string_view call) { return win32_error(code).in(call); }

}  // namespace tocsin::svcctl
