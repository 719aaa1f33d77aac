// Messages that real Windows hosts sent, from a folder that lies beside the project (it is not part
// of it): the bytes, and what a dissector decodes them to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace tocsin::kit {

struct Fixture {
  std::string file;       ///< relative to the folder
  std::string protocol;   ///< "SMB2", "DCERPC", "SPNEGO", "NTLMSSP", ...
  std::string direction;  ///< "request", "response", "c2s", "s2c" or empty
  Bytes bytes;
  nlohmann::json json;  ///< the whole entry of fixtures.json
};

/// All entries of fixtures.json, in its order; empty when there is no such folder:
/// `if (fixtures.empty()) GTEST_SKIP() << kit::kNoFixtures;`
/// Throws what is wrong with the folder's content.
[[nodiscard]] std::vector<Fixture> load_fixtures(const std::filesystem::path& folder);

/// The `keys` of fixtures.json: what derives from which session key; an empty array without folder.
[[nodiscard]] nlohmann::json load_fixture_keys(const std::filesystem::path& folder);

inline constexpr const char* kNoFixtures = "the folder with captures of real Windows is missing";

}  // namespace tocsin::kit
