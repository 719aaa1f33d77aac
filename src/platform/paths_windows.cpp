#include "platform/windows.h"

#include <memory>
#include <shlobj.h>

#include "platform/paths.h"

namespace tocsin::platform {

std::filesystem::path default_data_directory() {
  // Of the machine for everybody, so that a console finds what the service stores, elevated or not:
  // who may not read it gets an error, instead of being shown an empty directory of his own.
  wchar_t* folder = nullptr;
  const auto found = SHGetKnownFolderPath(FOLDERID_ProgramData, KF_FLAG_DEFAULT, nullptr, &folder);
  const std::unique_ptr<wchar_t, Closer<CoTaskMemFree>> owner(folder);
  return std::filesystem::path(SUCCEEDED(found) ? folder : L"C:\\ProgramData") / L"tocsin";
}

}  // namespace tocsin::platform
