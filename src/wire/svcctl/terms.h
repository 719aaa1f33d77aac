// The numbers of [MS-SCMR], over the wire and in Win32 the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tocsin::svcctl {

/// Access rights (3.1.4), as far as we ask for them.
enum Access : std::uint32_t {
  kManagerConnect = 0x0001,
  kManagerEnumerateService = 0x0004,
  kServiceQueryConfig = 0x0001,
  kServiceQueryStatus = 0x0004,
  kServiceEnumerateDependents = 0x0008,
  kServiceStart = 0x0010,
  kServiceStop = 0x0020,
  kServicePauseContinue = 0x0040,
  kServiceInterrogate = 0x0080,
};
/// dwServiceType (2.2.47)
enum ServiceType : std::uint32_t {
  kKernelDriver = 0x01,
  kFileSystemDriver = 0x02,
  kWin32OwnProcess = 0x10,
  kWin32ShareProcess = 0x20,
  kWin32 = 0x30,
  /// Not in [MS-SCMR]; winnt.h: SERVICE_USER_SERVICE, on top of the two above. Alone it is the
  /// template of a per-user service, which never runs itself.
  kUserService = 0x40,
  /// SERVICE_USERSERVICE_INSTANCE, on top of that: the copy of one logon.
  kUserServiceInstance = 0x80,
  kInteractiveProcess = 0x100,  ///< comes on top of the others: mask it out
};
/// dwServiceState of the enumerations (3.1.4.11)
enum StateFilter : std::uint32_t { kActive = 1, kInactive = 2, kAll = 3 };
/// Calls that one enumeration may take: the list may grow meanwhile, or be longer than a call may
/// carry. This is a list of 16 MB, some 70,000 services.
inline constexpr int kMostListCalls = 64;
/// dwCurrentState (2.2.47)
enum CurrentState : std::uint32_t {
  kStopped = 1,
  kStartPending = 2,
  kStopPending = 3,
  kRunning = 4,
  kContinuePending = 5,
  kPausePending = 6,
  kPaused = 7,
};
/// dwControlsAccepted (2.2.47)
enum ControlsAccepted : std::uint32_t { kAcceptStop = 1, kAcceptPauseContinue = 2 };
/// dwControl of RControlService (3.1.4.2)
enum Control : std::uint32_t { kStop = 1, kPause = 2, kContinue = 3, kInterrogate = 4 };
/// dwNotifyMask (3.1.4.43). One bit for each state (notify_bit()), and:
enum NotifyMask : std::uint32_t {
  kNotifyEveryState = 0x7F,
  kNotifyCreated = 0x80,         ///< of a service; for a manager's handle only
  kNotifyDeleted = 0x100,        ///< likewise
  kNotifyDeletePending = 0x200,  ///< for a service's handle only
};
/// SERVICE_NOTIFY_STOPPED of kStopped, and so on. `state` is valid.
constexpr std::uint32_t notify_bit(std::uint32_t state) { return 1U << (state - kStopped); }
/// dwStartType (2.2.15)
enum StartType : std::uint32_t {
  kBootStart = 0,
  kSystemStart = 1,
  kAutoStart = 2,
  kDemandStart = 3,
  kDisabled = 4,
};
/// Win32 codes that service managers answer ([MS-ERREF] 2.2)
enum Win32 : std::uint32_t {
  kSuccess = 0,
  kFileNotFound = 2,
  kPathNotFound = 3,
  kAccessDenied = 5,
  kInvalidHandle = 6,
  kNotSupported = 50,
  kInvalidParameter = 87,
  kCallNotImplemented = 120,
  kInsufficientBuffer = 122,
  kInvalidName = 123,
  kInvalidLevel = 124,
  kMoreData = 234,
  kBadProgram = 193,    ///< ERROR_BAD_EXE_FORMAT
  kBadSignature = 577,  ///< ERROR_INVALID_IMAGE_HASH
  kDependentServicesRunning = 1051,
  kInvalidServiceControl = 1052,
  kServiceRequestTimeout = 1053,
  kServiceNoThread = 1054,
  kServiceDatabaseLocked = 1055,
  kServiceAlreadyRunning = 1056,
  kInvalidServiceAccount = 1057,
  kServiceDisabled = 1058,
  kCircularDependency = 1059,
  kServiceDoesNotExist = 1060,
  kServiceCannotAcceptControl = 1061,
  kServiceNotActive = 1062,
  kServiceSpecificError = 1066,
  kProcessAborted = 1067,
  kServiceDependencyFailed = 1068,
  kServiceLogonFailed = 1069,
  kServiceStartHang = 1070,
  kServiceMarkedForDelete = 1072,
  kServiceDependencyDeleted = 1075,
  kServiceNeverStarted = 1077,
  kDifferentServiceAccount = 1079,
  kShutdownInProgress = 1115,
  kRequestAborted = 1235,
  kAlreadyRegistered = 1242,
  kNotifyClientLagging = 1294,  ///< of a client's handles: close them all and begin anew
  kRpcServerUnavailable = 1722,
};

/// The most bytes that the interface lets one call return (BOUNDED_DWORD_256K, _8K).
inline constexpr std::uint32_t kMostEnumeration = 256 * 1024;
inline constexpr std::uint32_t kMostConfig = 8 * 1024;
/// UTF-16 units of a service's key or display name (3.1.4.12).
inline constexpr std::size_t kMostName = 256;

}  // namespace tocsin::svcctl
