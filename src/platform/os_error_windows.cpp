#include "platform/windows.h"

#include <memory>

#include <fmt/format.h>

#include "platform/os_error.h"
#include "platform/wide.h"

namespace tocsin::platform {
namespace {

ErrorKind kind_of(std::uint32_t code) {
  switch (code) {
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
      return ErrorKind::denied;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_SERVICE_DOES_NOT_EXIST:
    case ERROR_NONE_MAPPED:
      return ErrorKind::not_found;
    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED:
    case ERROR_INVALID_LEVEL:
      return ErrorKind::unsupported;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case ERROR_WRITE_FAULT:
      return ErrorKind::exhausted;
    case ERROR_WRITE_PROTECT:
      return ErrorKind::storage;
    case WAIT_TIMEOUT:
    case ERROR_SERVICE_REQUEST_TIMEOUT:
      return ErrorKind::timed_out;
    default:
      return ErrorKind::rejected;
  }
}

std::string sentence_of(std::uint32_t code) {
  wchar_t* text = nullptr;
  const auto size = FormatMessageW(
      FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS,
      nullptr, code, 0, reinterpret_cast<wchar_t*>(&text), 0, nullptr);
  const std::unique_ptr<wchar_t, Closer<LocalFree>> owner(text);
  auto sentence = narrow({text, size});
  sentence.resize(sentence.find_last_not_of(" .\r\n") + 1);
  return sentence.empty() ? "error" : sentence;
}

}  // namespace

std::unexpected<Error> fail_windows(std::uint32_t code, std::string_view what) {
  return fail(kind_of(code), fmt::format("{}: {} ({})", what, sentence_of(code), code), code);
}

}  // namespace tocsin::platform
