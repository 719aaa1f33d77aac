#include "platform/windows.h"

#include <memory>

#include "platform/event_log.h"
#include "platform/os_error.h"
#include "platform/wide.h"

namespace tocsin::platform {
namespace {

WORD type_of(Severity severity) {
  switch (severity) {
    case Severity::information:
      return EVENTLOG_INFORMATION_TYPE;
    case Severity::warning:
      return EVENTLOG_WARNING_TYPE;
    case Severity::error:
      return EVENTLOG_ERROR_TYPE;
  }
  return EVENTLOG_INFORMATION_TYPE;
}

std::wstring key_of(const std::string& source) {
  return LR"(SYSTEM\CurrentControlSet\Services\EventLog\Application\)" + wide(source);
}

}  // namespace

EventLog::EventLog(const std::string& source)
    : handle_(RegisterEventSourceW(nullptr, wide(source).c_str())) {}

EventLog::~EventLog() {
  if (handle_ != nullptr) DeregisterEventSource(handle_);
}

void EventLog::write(Severity severity, std::string_view text) const {
  if (handle_ == nullptr) return;
  const auto line = wide(event_text(text));
  const wchar_t* strings = line.c_str();
  ReportEventW(handle_, type_of(severity), 0, event_id(severity), nullptr, 1, 0, &strings, nullptr);
}

Result<> register_event_source(const std::string& source, const std::filesystem::path& program) {
  const auto failed = [](LSTATUS code) {
    return fail_windows(static_cast<DWORD>(code), "the event source is not registered");
  };
  HKEY key = nullptr;
  if (const auto code = RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_of(source).c_str(), 0, nullptr, 0,
                                        KEY_SET_VALUE, nullptr, &key, nullptr);
      code != ERROR_SUCCESS)
    return failed(code);
  const std::unique_ptr<HKEY__, Closer<RegCloseKey>> owner(key);
  const auto& file = program.native();
  const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
  auto code = RegSetValueExW(key, L"EventMessageFile", 0, REG_SZ,
                             reinterpret_cast<const BYTE*>(file.c_str()),
                             static_cast<DWORD>((file.size() + 1) * sizeof(wchar_t)));
  if (code == ERROR_SUCCESS)
    code = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD,
                          reinterpret_cast<const BYTE*>(&types), sizeof(types));
  if (code != ERROR_SUCCESS) return failed(code);
  return {};
}

Result<> remove_event_source(const std::string& source) {
  const auto code = RegDeleteKeyW(HKEY_LOCAL_MACHINE, key_of(source).c_str());
  if (code != ERROR_SUCCESS && code != ERROR_FILE_NOT_FOUND)
    return fail_windows(static_cast<DWORD>(code), "the event source is not removed");
  return {};
}

}  // namespace tocsin::platform
