// testsvc.exe: services that do what a test tells them, and the hands of the test on Windows' side.
//   testsvc shell   reads commands and answers each with a line (tests/integration/wine.py)
//   testsvc serve   is one of the services; their manager starts it
#include "platform/windows.h"

#include <array>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include <wincrypt.h>
#include <winsvc.h>

namespace {

using tocsin::platform::Closer;

std::wstring wide(const std::string& utf8) {
  const auto size = static_cast<int>(utf8.size());
  std::wstring text(utf8.size(), L'\0');
  const int length = MultiByteToWideChar(CP_UTF8, 0, utf8.data(), size, text.data(), size);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string narrow(const std::wstring& text) {
  const auto size = static_cast<int>(text.size());
  std::string utf8(3 * text.size(), '\0');  // at most
  const int length =
      WideCharToMultiByte(CP_UTF8, 0, text.data(), size, utf8.data(), 3 * size, nullptr, nullptr);
  utf8.resize(static_cast<std::size_t>(length));
  return utf8;
}

// ---- The service

/// What a service does beside what every service does, as user-defined controls.
enum Control : DWORD {
  kHang = 128,  // the next stop stays STOP_PENDING
  kFail = 129,  // it stops by itself, with an exit code of its own
  kSlow = 200,  // plus n: the next stop takes n seconds, with a checkpoint in each
};
constexpr DWORD kExitCode = 42;

struct Service {
  SERVICE_STATUS_HANDLE handle = nullptr;
  HANDLE stop = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  bool hangs = false;
  DWORD seconds = 0;
  DWORD exit_code = 0;

  void tell(DWORD state, DWORD checkpoint = 0) const {
    const bool pending =
        state != SERVICE_RUNNING && state != SERVICE_PAUSED && state != SERVICE_STOPPED;
    SERVICE_STATUS status{
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted = pending ? 0UL : SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PAUSE_CONTINUE,
        .dwWin32ExitCode = exit_code == 0 ? NO_ERROR : DWORD{ERROR_SERVICE_SPECIFIC_ERROR},
        .dwServiceSpecificExitCode = exit_code,
        .dwCheckPoint = checkpoint,
        .dwWaitHint = pending ? 2000UL : 0};
    SetServiceStatus(handle, &status);
  }

  DWORD control(DWORD code) {
    if (code >= kSlow) {
      seconds = code - kSlow;
      return NO_ERROR;
    }
    switch (code) {
      case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
      case SERVICE_CONTROL_PAUSE:
        tell(SERVICE_PAUSED);
        return NO_ERROR;
      case SERVICE_CONTROL_CONTINUE:
        tell(SERVICE_RUNNING);
        return NO_ERROR;
      case kFail:
        exit_code = kExitCode;
        [[fallthrough]];
      case SERVICE_CONTROL_STOP:
        tell(SERVICE_STOP_PENDING, 1);
        SetEvent(stop);
        return NO_ERROR;
      case kHang:
        hangs = true;
        return NO_ERROR;
      default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
  }

  void run(const wchar_t* name) {
    handle = RegisterServiceCtrlHandlerExW(
        name,
        [](DWORD code, DWORD, void*, void* service) {
          return static_cast<Service*>(service)->control(code);
        },
        this);
    tell(SERVICE_START_PENDING, 1);
    tell(SERVICE_RUNNING);
    WaitForSingleObject(stop, INFINITE);
    for (DWORD second = 0; second < seconds; second++) {
      Sleep(1000);
      tell(SERVICE_STOP_PENDING, second + 2);
    }
    if (hangs) Sleep(INFINITE);
    tell(SERVICE_STOPPED);
  }
};

int serve() {
  std::wstring name;
  const std::array<SERVICE_TABLE_ENTRYW, 2> table{
      SERVICE_TABLE_ENTRYW{name.data(),
                           [](DWORD, wchar_t** arguments) {
                             // A control may still be on its way when it has stopped.
                             static Service service;
                             service.run(arguments[0]);
                           }},
      SERVICE_TABLE_ENTRYW{nullptr, nullptr}};
  return StartServiceCtrlDispatcherW(table.data()) == FALSE;
}

// ---- The shell

using ServiceHandle = std::unique_ptr<SC_HANDLE__, Closer<CloseServiceHandle>>;
using Process = std::unique_ptr<void, Closer<CloseHandle>>;
using Words = std::vector<std::string>;

/// A failure of Windows, whose code is the answer.
struct Failure {
  DWORD code = GetLastError();
};

void check(bool done) {
  if (!done) throw Failure();
}

template <typename Handle>
Handle checked(Handle handle) {
  check(handle != nullptr);
  return handle;
}

SC_HANDLE manager() {
  static const ServiceHandle handle(
      checked(OpenSCManagerW(nullptr, nullptr, SC_MANAGER_ALL_ACCESS)));
  return handle.get();
}

ServiceHandle open(const std::string& name) {
  return ServiceHandle(checked(OpenServiceW(manager(), wide(name).c_str(), SERVICE_ALL_ACCESS)));
}

SERVICE_STATUS_PROCESS status_of(SC_HANDLE service) {
  SERVICE_STATUS_PROCESS status{};
  DWORD needed = 0;
  check(QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, reinterpret_cast<BYTE*>(&status),
                             sizeof(status), &needed) != FALSE);
  return status;
}

/// install NAME DISPLAY START_TYPE
void install(const Words& words, Words&) {
  std::wstring program(MAX_PATH, L'\0');
  program.resize(GetModuleFileNameW(nullptr, program.data(), MAX_PATH));
  const ServiceHandle service(checked(CreateServiceW(
      manager(), wide(words.at(1)).c_str(), wide(words.at(2)).c_str(), SERVICE_ALL_ACCESS,
      SERVICE_WIN32_OWN_PROCESS, std::stoul(words.at(3)), SERVICE_ERROR_IGNORE,
      (L'"' + program + L"\" serve").c_str(), nullptr, nullptr, nullptr, nullptr, nullptr)));
}

/// remove NAME
void remove(const Words& words, Words&) { check(DeleteService(open(words.at(1)).get()) != FALSE); }

/// start NAME
void start(const Words& words, Words&) {
  check(StartServiceW(open(words.at(1)).get(), 0, nullptr) != FALSE);
}

/// control NAME CODE
void control(const Words& words, Words&) {
  SERVICE_STATUS status{};
  check(ControlService(open(words.at(1)).get(), std::stoul(words.at(2)), &status) != FALSE);
}

/// status NAME -> STATE PROCESS EXIT_CODE
void status(const Words& words, Words& answer) {
  const auto status = status_of(open(words.at(1)).get());
  for (const auto number : {status.dwCurrentState, status.dwProcessId, status.dwWin32ExitCode})
    answer.push_back(std::to_string(number));
}

/// wait NAME STATE: until the manager says so.
void wait(const Words& words, Words&) {
  const auto service = open(words.at(1));
  const auto wanted = std::stoul(words.at(2));
  for (int tries = 0; status_of(service.get()).dwCurrentState != wanted; tries++) {
    if (tries == 6000) throw Failure(ERROR_TIMEOUT);
    Sleep(10);
  }
}

/// kill NAME: its process ends at once, as in a crash.
void kill(const Words& words, Words&) {
  const auto service = open(words.at(1));
  const auto number = status_of(service.get()).dwProcessId;
  const Process process(checked(OpenProcess(PROCESS_TERMINATE, FALSE, number)));
  check(TerminateProcess(process.get(), kExitCode) != FALSE);
}

/// list -> NAME DISPLAY STATE PROCESS, of each service
void list(const Words&, Words& answer) {
  std::vector<BYTE> buffer(std::size_t{256} * 1024);  // the most that the call takes
  DWORD needed = 0;
  DWORD count = 0;
  DWORD resume = 0;
  check(EnumServicesStatusExW(manager(), SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
                              buffer.data(), static_cast<DWORD>(buffer.size()), &needed, &count,
                              &resume, nullptr) != FALSE);
  const auto* services = reinterpret_cast<const ENUM_SERVICE_STATUS_PROCESSW*>(buffer.data());
  for (DWORD i = 0; i < count; i++) {
    answer.push_back(narrow(services[i].lpServiceName));
    answer.push_back(narrow(services[i].lpDisplayName));
    answer.push_back(std::to_string(services[i].ServiceStatusProcess.dwCurrentState));
    answer.push_back(std::to_string(services[i].ServiceStatusProcess.dwProcessId));
  }
}

/// trust CERTIFICATE (DER, in base64): from now on programs of this user believe it.
void trust(const Words& words, Words&) {
  const auto& text = words.at(1);
  const auto length = static_cast<DWORD>(text.size());
  std::vector<BYTE> bytes(text.size());
  auto size = length;
  check(CryptStringToBinaryA(text.data(), length, CRYPT_STRING_BASE64, bytes.data(), &size, nullptr,
                             nullptr) != FALSE);
  const std::unique_ptr<void, Closer<[](void* store) { CertCloseStore(store, 0); }>> store(
      checked(CertOpenSystemStoreW(0, L"ROOT")));
  check(CertAddEncodedCertificateToStore(store.get(), X509_ASN_ENCODING, bytes.data(), size,
                                         CERT_STORE_ADD_REPLACE_EXISTING, nullptr) != FALSE);
}

/// In microseconds since 1970.
std::uint64_t now() {
  FILETIME time{};
  GetSystemTimePreciseAsFileTime(&time);
  constexpr std::uint64_t k1970 = 116'444'736'000'000'000;  // in units of 100 ns since 1601
  return ((std::uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) - k1970) / 10;
}

Words split(const std::string& line) {
  Words words(1);
  for (const char letter : line) {
    if (letter == '\t')
      words.emplace_back();
    else if (letter != '\r')
      words.back() += letter;
  }
  return words;
}

/// Words are parted by tabs. The answer: a Win32 code, the time at which the command began, and
/// what was asked for.
int shell() {
  const std::map<std::string, std::function<void(const Words&, Words&)>> commands{
      {"install", install}, {"remove", remove}, {"start", start},
      {"control", control}, {"status", status}, {"wait", wait},
      {"kill", kill},       {"list", list},     {"trust", trust}};
  for (std::string line; std::getline(std::cin, line);) {
    const auto words = split(line);
    Words answer{"0", std::to_string(now())};
    try {
      commands.at(words[0])(words, answer);
    } catch (const Failure& failure) {
      answer[0] = std::to_string(failure.code);
    }
    for (std::size_t i = 0; i < answer.size(); i++) std::cout << (i > 0 ? "\t" : "") << answer[i];
    std::cout << std::endl;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count == 2 ? arguments[1] : "";
  if (mode == "shell") return shell();
  if (mode == "serve") return serve();
  std::cerr << "usage: testsvc shell|serve\n";
  return 2;
}
