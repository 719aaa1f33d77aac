#include "config/file/substitution.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/files.h"
#include "config/file/findings.h"

namespace tocsin::config {
namespace {

/// One large variable or file may be named a hundred thousand times.
constexpr std::size_t kMostInserted = std::size_t{16} << 20;

/// What references begin with, in the order of their kinds.
constexpr std::array<std::string_view, 3> kBeginnings{"${env:", "${file:", "${credential:"};

bool is_file_name(std::string_view name) {
  return !name.starts_with('.') && name.find_first_of("/\\:") == std::string_view::npos;
}

bool has_blank_edges(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  return !text.empty() && (kBlanks.contains(text.front()) || kBlanks.contains(text.back()));
}

}  // namespace

bool Substitution::has_reference(std::string_view text) {
  return std::ranges::any_of(kBeginnings,
                             [&](std::string_view beginning) { return text.contains(beginning); });
}

std::expected<std::optional<Substitution::Reference>, std::string> Substitution::read_reference(
    std::string_view text) {
  const auto* const begins = std::ranges::find_if(
      kBeginnings, [&](std::string_view beginning) { return text.starts_with(beginning); });
  if (begins == kBeginnings.end()) return std::nullopt;
  const auto end = text.find('}');
  if (end == std::string_view::npos)
    return std::unexpected("`" + std::string(*begins) + "` without a closing brace");
  const auto name = text.substr(begins->size(), end - begins->size());
  if (name.empty()) return std::unexpected("`" + std::string(*begins) + "}` names nothing");
  const auto kind = static_cast<Kind>(begins - kBeginnings.begin());
  if (kind == Kind::credential && !is_file_name(name))
    return std::unexpected("`" + std::string(text.substr(0, end + 1)) +
                           "` must name a file, without its folder");
  return Reference{.kind = kind, .name = name, .length = end + 1};
}

std::expected<std::string, std::string> Substitution::expand(const std::string& text,
                                                             const std::string& directory) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = std::string_view(text).substr(at);
    const auto reference = read_reference(rest);
    if (!reference) return std::unexpected(reference.error());
    if (!*reference) {
      const auto plain = std::min(rest.find("${", 1), rest.size());
      out += rest.substr(0, plain);
      at += plain;
      continue;
    }
    if (spent_ > kMostInserted)
      return std::unexpected("the values taken from variables and files up to here exceed " +
                             size_text(kMostInserted));
    auto value = (*reference)->kind == Kind::variable ? variable(std::string((*reference)->name))
                                                      : file(path_of(**reference, directory));
    if (!value) return value;
    spent_ += value->size();
    out += *value;
    at += (*reference)->length;
  }
  return out;
}

std::string Substitution::path_of(const Reference& reference, const std::string& directory) const {
  std::string name(reference.name);
  return reference.kind == Kind::credential ? environment_.credential_file(name)
                                            : path_from(directory, name);
}

std::expected<std::string, std::string> Substitution::variable(const std::string& name) const {
  auto value = environment_.variable(name);
  if (!value)
    return std::unexpected("the environment variable " + in_backticks(name, kLongNames) +
                           " is not set");
  if (!is_utf8(*value))
    return std::unexpected("the environment variable " + in_backticks(name, kLongNames) +
                           " is not UTF-8 text");
  return *std::move(value);
}

std::expected<std::string, std::string> Substitution::file(const std::string& path) {
  files_read_.add(path);
  if (const auto known = files_.find(path); known != files_.end()) return known->second;
  auto value = read_secret_file(path);
  if (value && environment_.is_readable_by_others(path))
    warnings_.push_back(fmt::format("every user of this machine may read the secret in {}; {}",
                                    in_backticks(path, kLongNames), environment_.how_to_hide));
  if (value && has_blank_edges(*value))
    warnings_.push_back(
        fmt::format("the secret in {} begins or ends with spaces or line breaks, which are part of "
                    "it: remove them unless they are intended",
                    in_backticks(path, kLongNames)));
  return files_.emplace(path, std::move(value)).first->second;
}

std::string Substitution::file_of(std::string_view text, const std::string& directory) const {
  const auto reference = read_reference(text);
  const bool is_file = reference && *reference && (*reference)->kind != Kind::variable &&
                       (*reference)->length == text.size();
  return is_file ? path_of(**reference, directory) : std::string();
}

std::expected<std::string, std::string> read_secret_file(const std::string& path) {
  auto text = read_file(path, kMostSecretBytes, Accept::regular_files);
  if (!text)
    return std::unexpected("the file " + in_backticks(path, kLongNames) + " " + text.error().what);
  if (!is_utf8(*text) || text->contains('\0'))
    return std::unexpected("the file " + in_backticks(path, kLongNames) + " is not UTF-8 text");
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text->starts_with(kByteOrderMark)) text->erase(0, kByteOrderMark.size());
  if (text->ends_with('\n')) text->resize(text->size() - (text->ends_with("\r\n") ? 2 : 1));
  return *std::move(text);
}

std::function<Result<Secret>()> secret_reader(std::string path, SecretForm form) {
  return [path = std::move(path), form]() -> Result<Secret> {
    const bool is_token = form == SecretForm::token;
    const std::string what = is_token ? "token" : "password";
    auto text = read_secret_file(path);
    if (!text)
      return fail(ErrorKind::invalid_config, "the " + what + " cannot be read: " + text.error());
    if (is_token) text->erase(text->find_last_not_of(" \t\r\n") + 1);
    if (text->empty())
      return fail(ErrorKind::invalid_config, "no " + what + " is in the file " + printable(path));
    return Secret(*std::move(text));
  };
}

}  // namespace tocsin::config
