#include "kit/fixtures.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tocsin::kit {
namespace {

std::string load_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

nlohmann::json load_index(const std::filesystem::path& folder) {
  const auto index = folder / "fixtures.json";
  return std::filesystem::exists(index) ? nlohmann::json::parse(load_text(index))
                                        : nlohmann::json::object();
}

}  // namespace

std::vector<Fixture> load_fixtures(const std::filesystem::path& folder) {
  std::vector<Fixture> fixtures;
  for (auto& entry : load_index(folder).value("fixtures", nlohmann::json::array())) {
    const auto file = entry.at("file").get<std::string>();
    const auto text = load_text(folder / file);
    auto bytes = file.ends_with(".hex") ? from_hex(text) : to_bytes(as_bytes(text));
    if (!bytes || bytes->size() != entry.at("bytes"))
      throw std::runtime_error(file + " is not what fixtures.json says");
    fixtures.push_back({.file = file,
                        .protocol = entry.at("protocol"),
                        .direction = entry.value("direction", ""),
                        .bytes = *std::move(bytes),
                        .json = std::move(entry)});
  }
  return fixtures;
}

nlohmann::json load_fixture_keys(const std::filesystem::path& folder) {
  return load_index(folder).value("keys", nlohmann::json::array());
}

}  // namespace tocsin::kit
