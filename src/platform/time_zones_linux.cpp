#include "platform/time_zones.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "platform/program.h"

namespace tocsin::platform {
namespace {

constexpr std::string_view kUtc = "UTC";

/// Of a path such as "../usr/share/zoneinfo/posix/Europe/Stockholm"; empty: it is none of a zone.
std::string name_in(std::string_view path) {
  constexpr std::string_view kFolder = "/zoneinfo/";
  const auto at = path.rfind(kFolder);
  if (at == std::string_view::npos) return {};
  path.remove_prefix(at + kFolder.size());
  for (const std::string_view variant : {"posix/", "right/"})
    if (path.starts_with(variant)) path.remove_prefix(variant.size());
  return load_time_zone(path) ? std::string(path) : "";
}

/// Of a file of the system's zones, or of a link to one.
std::string name_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(file, error);
  auto name = error ? "" : name_in(target.string());
  return name.empty() ? name_in(file.string()) : name;
}

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Result<std::string> load_time_zone(std::string_view name) {
  const std::string shown = "there is no time zone `" + printable(name) + "`";
  if (!is_time_zone_name(name)) return fail(ErrorKind::not_found, shown);
  const std::filesystem::path folder("/usr/share/zoneinfo");
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    return fail(ErrorKind::not_found,
                shown + ": " + folder.string() + " is missing (install tzdata)");
  const auto path = folder / name;
  if (!std::filesystem::is_regular_file(path, error)) return fail(ErrorKind::not_found, shown);
  auto bytes = read_bytes(path);
  if (!bytes.starts_with("TZif")) return fail(ErrorKind::not_found, shown);
  return bytes;
}

// As the C library finds it: tzset(3).
std::string own_time_zone(const std::optional<std::string>& variable,
                          const std::filesystem::path& etc) {
  if (variable) {
    std::string_view value = *variable;
    if (value.starts_with(':')) value.remove_prefix(1);
    if (value.empty()) return std::string(kUtc);
    if (value.starts_with('/')) return name_of(value);
    return load_time_zone(value) ? std::string(value) : "";
  }
  const auto file = etc / "localtime";
  if (auto name = name_of(file); !name.empty()) return name;
  const auto bytes = read_bytes(file);
  if (bytes.empty()) return std::string(kUtc);
  // A copy of a zone's file; Debian names it here.
  auto name = read_bytes(etc / "timezone");
  name.erase(name.find_last_not_of(" \t\r\n") + 1);
  return load_time_zone(name) == bytes ? name : "";
}

std::string own_time_zone() { return own_time_zone(environment_variable("TZ"), "/etc"); }

}  // namespace tocsin::platform
