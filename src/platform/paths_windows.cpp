#include "platform/windows.h"

#include <memory>
#include <shlobj.h>

#include "base/path.h"
#include "platform/paths.h"

namespace tocsin::platform {

std::filesystem::path default_data_directory() {
  // One directory for the whole machine, so that a console finds what the service stores, elevated
  // or not: users who may not read it get an error, not an empty directory of their own.
  wchar_t* folder = nullptr;
  const auto found = SHGetKnownFolderPath(FOLDERID_ProgramData, KF_FLAG_DEFAULT, nullptr, &folder);
  const std::unique_ptr<wchar_t, Closer<CoTaskMemFree>> owner(folder);
  return std::filesystem::path(SUCCEEDED(found) ? folder : L"C:\\ProgramData") / L"tocsin";
}

std::filesystem::path system_configuration() { return default_data_directory() / L"tocsin.yaml"; }

std::string_view how_to_start_service() { return "tocsin service install, and net start tocsin"; }

std::filesystem::path credential_file(const std::string& name) {
  return default_data_directory() / L"credentials" / to_path(name);
}

}  // namespace tocsin::platform
