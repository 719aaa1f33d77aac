#include "config/destinations/common_keys.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/destinations/pem_files.h"
#include "config/file/files.h"

namespace tocsin::config {
namespace {

constexpr Range kRateLimit{0, 366LL * 24 * 60 * 60};

}  // namespace

bool read_enable(Section& section, bool wanted, ButlerSwitch butler_switch) {
  bool enabled = true;
  const auto place = section.boolean(
      {.name = "enable",
       .description = "Switches the destination on or off.",
       .example = "true",
       .differs = butler_switch == ButlerSwitch::ignored
                      ? "Has an effect. Butler ignores it and goes by `alertDestination` alone."
                      : ""},
      enabled);
  if (wanted && !enabled)
    section.warning(
        *place,
        fmt::format(
            "`enable` is false, so nothing goes to {}, although `alertDestination` enables it",
            section.destination()));
  if (!wanted || !enabled) section.switch_off();
  return wanted && enabled;
}

std::string template_at(Section& section, Place place, std::string_view key,
                        const std::string& path) {
  auto file = section.file_at(place, key, path);
  if (file.empty() || section.is_off() || is_file(file)) return file;
  if (section.reading().missing_templates.insert(file).second)
    section.warning(place, fmt::format("`{}`: the template {} does not exist; the built-in one is "
                                       "used until it does",
                                       key, in_backticks(file, kLongNames)));
  return file;
}

void read_certificate(Section& section, std::string& ca_file, bool& reject_unauthorized) {
  bool enabled = false;
  section.boolean({.name = "enable",
                   .description = "Uses the other keys of this section. Otherwise the system's "
                                  "certificates verify the receiver.",
                   .example = "true"},
                  enabled);
  if (!enabled) section.switch_off();
  bool reject = true;
  const auto reject_place =
      section.boolean({.name = "rejectUnauthorized",
                       .description = "Sends nothing to a receiver that fails verification.",
                       .example = "true"},
                      reject);
  const auto authorities = read_authorities(section, "receiver");
  if (!enabled) return;
  reject_unauthorized = reject;
  if (!reject)
    section.warning(*reject_place,
                    "`rejectUnauthorized` is false: anyone on the network path can read alerts and "
                    "pose as the receiver");
  if (authorities && !authorities->text.empty()) {
    ca_file = pem_file_at(section, "certCA", *authorities, PemFile::authorities);
  } else if (reject) {
    section.error(section.place(), "`cert` is enabled, so `certCA` must name a file");
  }
}

void read_rate_limit(Section& section, std::string_view destination, std::chrono::seconds& out,
                     std::string_view otherwise) {
  const bool is_own = otherwise.empty();
  const auto description = fmt::format(
      "Minimum time between two notifications of the same kind about one service to one {}. "
      "Others wait until it has passed; none is dropped. 0: no limit.",
      destination);
  if (is_own && section.reading().is_butler_file) out = kRateLimitOfButler;
  const auto place = section.seconds(
      {.name = "rateLimit",
       .description = description,
       .example = "60",
       .otherwise = is_own ? "0, or 300 in a file that begins with `Butler:`" : otherwise,
       .differs = "Notifications within the limit wait; stops and starts have a limit each. Butler "
                  "drops them, counts both together, and with 0 sends one and never again."},
      out, kRateLimit);
  if (section.reading().is_butler_file && place && out == std::chrono::seconds(0))
    section.info(*place, "`rateLimit` 0 means no limit; Butler sends one alert and never again");
}

}  // namespace tocsin::config
