// docs/tocsin.schema.json says what the loader knows, for editors.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "config/known_keys.h"

namespace tocsin::config {
namespace {

using Json = nlohmann::ordered_json;

/// Every value may be a reference, and may hold one.
const Json kReference = {{"$ref", "#/$defs/reference"}};
const Json kReferenceItself = {{"type", "string"}, {"pattern", R"(\$\{(env|file):)"}};

/// Case does not count, which JSON Schema can say only so.
std::string in_any_case(const std::string& text) {
  std::string pattern;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (std::isalpha(code) == 0) {
      pattern += letter;
    } else {
      pattern +=
          {'[', static_cast<char>(std::toupper(code)), static_cast<char>(std::tolower(code)), ']'};
    }
  }
  return pattern;
}

Json choice(const std::vector<std::string>& choices) {
  std::string pattern;
  Json values = choices;
  for (const auto& one : choices) {
    if (std::ranges::all_of(one, [](unsigned char letter) { return std::isdigit(letter) != 0; }))
      values.push_back(std::stoi(one));  // without quotes it is a number
  }
  for (const auto& one : choices) pattern += (pattern.empty() ? "^(" : "|") + in_any_case(one);
  return {{"anyOf",
           {{{"enum", values}}, {{"type", "string"}, {"pattern", pattern + ")$"}}, kReference}}};
}

Json whole_number(const KnownKey& key) {
  Json number = {{"type", "integer"}};
  if (key.range) {
    number["minimum"] = key.range->least;
    number["maximum"] = key.range->most;
  }
  return {{"anyOf", {number, kReference}}};
}

/// Numbers and booleans without quotes are texts too.
Json text() { return {{"type", {"string", "number", "boolean"}}}; }

Json section() { return {{"type", "object"}, {"properties", Json::object()}}; }

Json duration() {
  return {{"anyOf",
           {{{"type", "integer"}, {"minimum", 0}},
            {{"type", "string"},
             {"pattern", "^([0-9]+|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$"},
             {"minLength", 1}},
            kReference}}};
}

Json list_of(const Json& items) { return {{"type", "array"}, {"items", items}}; }

Json schema_of(const KnownKey& key) {
  if (!key.choices.empty()) {
    auto one = choice(key.choices);
    if (key.may_be_list) one["anyOf"].push_back(list_of(choice(key.choices)));
    return one;
  }
  if (key.type == "section") return section();
  if (key.type == "list of sections") return list_of(section());
  if (key.type == "list of texts") return list_of(text());
  if (key.type == "list of durations") return list_of(duration());
  if (key.type == "list of whole numbers") return list_of(whole_number(key));
  if (key.type == "whole number") return whole_number(key);
  if (key.type == "boolean") return {{"anyOf", {{{"type", "boolean"}}, kReference}}};
  if (key.type == "duration") return duration();
  return text();
}

/// A key that is there without a value is the same as none.
Json or_nothing(Json schema) {
  if (schema.contains("anyOf")) {
    schema["anyOf"].push_back({{"type", "null"}});
  } else if (!schema["type"].is_array()) {
    schema["type"] = {schema["type"], "null"};
  } else {
    schema["type"].push_back("null");
  }
  return schema;
}

/// What a definition is called that stands at a path: no brackets, which no URI may have.
std::string definition_of(std::string path) {
  std::erase_if(path, [](char letter) { return letter == '[' || letter == ']'; });
  return path;
}

/// Builds the schema key by key.
class Schema {
 public:
  Schema() {
    for (const auto& key : known_keys()) {
      if (!key.same_as.empty()) shared_.insert(key.same_as);
    }
    whole_["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    whole_["title"] = "The configuration of tocsin";
    whole_["description"] =
        "Made from the keys that the loader knows; docs/configuration.md says more.";
    whole_["type"] = "object";
    whole_["properties"] = {{"tocsin", {{"$ref", "#/$defs/tocsin"}}},
                            {"Butler", {{"$ref", "#/$defs/tocsin"}}}};
    whole_["oneOf"] = {{{"required", {"tocsin"}}}, {{"required", {"Butler"}}}};
    whole_["$defs"]["reference"] = kReferenceItself;
    whole_["$defs"]["tocsin"] = section();
    sections_[""] = "/$defs/tocsin";
  }

  void add(const KnownKey& key) {
    const auto dot = key.path.rfind('.');
    const auto parent = dot == std::string::npos ? "" : key.path.substr(0, dot);
    const auto name = dot == std::string::npos ? key.path : key.path.substr(dot + 1);
    auto& owner = whole_.at(Json::json_pointer(sections_.at(parent)));
    require(owner, key, name, parent);

    auto schema = schema_of(key);
    if (key.is_section_of_butler) schema["type"] = {"array", "object"};
    if (key.may_be_boolean) schema["type"] = {"object", "boolean"};
    if (!key.required) schema = or_nothing(std::move(schema));
    std::string at = sections_.at(parent) + "/properties/" + name;
    auto& property = owner["properties"][name];
    if (!key.same_as.empty()) {
      property = {{"$ref", "#/$defs/" + definition_of(key.same_as)}};
    } else if (shared_.contains(key.path)) {
      property = {{"$ref", "#/$defs/" + definition_of(key.path)}};
      at = "/$defs/" + definition_of(key.path);
    } else {
      property = schema;
    }
    property["description"] = key.description;
    if (!key.alias.empty()) add_alias(owner, key, name, at);
    if (!key.same_as.empty()) return;
    // Last, since it moves the others.
    if (shared_.contains(key.path)) whole_["$defs"][definition_of(key.path)] = schema;
    if (key.type == "section") open_section(at, key.path, key.is_open);
    if (key.type == "list of sections") open_section(at + "/items", key.path + "[]", false);
  }

  [[nodiscard]] std::string text() const { return whole_.dump(1) + "\n"; }

 private:
  void open_section(const std::string& at, const std::string& path, bool is_open) {
    sections_[path] = at;
    if (!is_open) whole_.at(Json::json_pointer(at))["additionalProperties"] = false;
  }

  /// Either name may be there, but not both.
  static void add_alias(Json& owner, const KnownKey& key, const std::string& name,
                        const std::string& at) {
    owner["properties"][key.alias] = {
        {"$ref", "#" + at}, {"deprecated", true}, {"description", "Now called `" + name + "`."}};
    owner["not"]["anyOf"].push_back({{"required", {name, key.alias}}});
  }

  /// What stands at the root and in `serviceMonitor` may stand in another file.
  static void require(Json& owner, const KnownKey& key, const std::string& name,
                      const std::string& parent) {
    if (key.required && !parent.empty() && parent != "serviceMonitor")
      owner["required"].push_back(name);
    if (key.alternatives.empty()) return;
    std::set<std::string> names(key.alternatives.begin(), key.alternatives.end());
    names.insert(name);
    Json one_of_all = {{"anyOf", Json::array()}};
    for (const auto& one : names) one_of_all["anyOf"].push_back({{"required", {one}}});
    auto& groups = owner["allOf"];
    // Two keys that take each other's place are one group.
    if (std::ranges::find(groups, one_of_all) == groups.end()) groups.push_back(one_of_all);
  }

  Json whole_;
  std::set<std::string> shared_;                 ///< paths that others have the same keys as
  std::map<std::string, std::string> sections_;  ///< path -> JSON pointer
};

/// With TOCSIN_WRITE_REFERENCE set, it writes the file instead.
TEST(Reference, HasASchemaOfEveryKeyThatTheLoaderKnows) {
  Schema schema;
  for (const auto& key : known_keys()) schema.add(key);
  const auto path = std::filesystem::path(TOCSIN_ROOT) / "docs/tocsin.schema.json";
  if (std::getenv("TOCSIN_WRITE_REFERENCE") != nullptr) {
    std::ofstream(path, std::ios::binary) << schema.text();
  } else {
    std::ostringstream committed;
    committed << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_EQ(committed.str(), schema.text());
  }
}

}  // namespace
}  // namespace tocsin::config
