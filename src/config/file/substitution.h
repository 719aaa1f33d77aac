// ${env:NAME}, ${file:PATH} and ${credential:NAME} in the values of a configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "config/file/environment.h"
#include "config/file/files_read.h"

namespace tocsin::config {

/// What `${file:PATH}` stands for: the file's text without a byte order mark and without the
/// newline at its end. Otherwise a sentence: it cannot be read, is longer than 64 KB or is not
/// UTF-8 text. Blocking.
[[nodiscard]] std::expected<std::string, std::string> read_secret_file(const std::string& path);

/// A token has no white space at its end; in a password it counts.
enum class SecretForm : bool { password, token };
/// Reads the file each time that it is called, because something else may renew the secret in it.
/// invalid_config: it cannot be read (read_secret_file()), or holds none. Blocking.
[[nodiscard]] std::function<Result<Secret>()> secret_reader(std::string path, SecretForm form);

/// Replaces references by what they stand for. What comes in is not expanded again; every other
/// `$` is an ordinary character.
class Substitution {
 public:
  /// Adds the files that it reads to `files_read`, which must outlive it.
  Substitution(Environment environment, FilesRead& files_read)
      : environment_(std::move(environment)), files_read_(files_read) {}

  [[nodiscard]] static bool has_reference(std::string_view text);

  /// The path of the file where the text is one reference to a file, or to a credential, and
  /// nothing else; else empty.
  [[nodiscard]] std::string file_of(std::string_view text, const std::string& directory) const;

  /// A secret comes without the newline at the end of its file. Otherwise a sentence: a variable
  /// that is not set, a file that cannot be read or is not UTF-8 text, a brace that is missing.
  /// `directory` is where relative paths start from.
  [[nodiscard]] std::expected<std::string, std::string> expand(const std::string& text,
                                                               const std::string& directory);

  /// Sentences about the files read since the last call: every user may read it, or it has blanks
  /// at its ends.
  [[nodiscard]] std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

 private:
  enum class Kind : std::uint8_t { variable, file, credential };
  struct Reference {
    Kind kind{};
    std::string_view name;
    std::size_t length = 0;  ///< of all of it
  };
  /// What the text begins with; nothing: no reference. Otherwise a sentence.
  static std::expected<std::optional<Reference>, std::string> read_reference(std::string_view text);
  [[nodiscard]] std::string path_of(const Reference& reference, const std::string& directory) const;
  std::expected<std::string, std::string> variable(const std::string& name) const;
  std::expected<std::string, std::string> file(const std::string& path);

  Environment environment_;
  FilesRead& files_read_;
  std::map<std::string, std::expected<std::string, std::string>> files_;  ///< by path
  std::vector<std::string> warnings_;
  std::size_t spent_ = 0;
};

}  // namespace tocsin::config
