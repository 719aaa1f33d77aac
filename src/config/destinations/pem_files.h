// The PEM files that destinations name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/section/section.h"

namespace tocsin::config {

enum class PemFile : std::uint8_t {
  authorities,
  own_certificate,  ///< and perhaps its key
  own_key,
};

/// The path of the file that `key` names, seen from the folder of the configuration. Reports one
/// that does not hold what it must.
[[nodiscard]] std::string pem_file_at(Section& section, std::string_view key,
                                      const PlacedText& written, PemFile what);

/// `certCA`; `server` is who shows a certificate: "broker".
[[nodiscard]] std::optional<PlacedText> read_authorities(Section& section, std::string_view server);

}  // namespace tocsin::config
