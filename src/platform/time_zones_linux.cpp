#include "platform/time_zones.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace tocsin::platform {

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
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!bytes.starts_with("TZif")) return fail(ErrorKind::not_found, shown);
  return bytes;
}

}  // namespace tocsin::platform
