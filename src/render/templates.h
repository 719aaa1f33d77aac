// Templates of messages: Handlebars, with each value escaped for where it lands.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"

namespace tocsin::render {

/// What a template's result is, and so how the values in it are escaped - in `{{ }}` and in
/// `{{{ }}}` alike, because none of our fields is ever markup.
enum class Format : std::uint8_t {
  text,  ///< not at all
  html,  ///< & < > " ' ` = become references
  json,  ///< as within a JSON string: the template writes the quotation marks
  form,  ///< percent-encoded, for application/x-www-form-urlencoded
};

/// Where a template's text is.
struct Template {
  Format format = Format::text;
  std::string file;  ///< a path; empty: `text` is the template
  std::string text;

  [[nodiscard]] static Template from_file(Format format, std::string path) {
    return {.format = format, .file = std::move(path), .text = {}};
  }
  [[nodiscard]] static Template from_text(Format format, std::string text) {
    return {.format = format, .file = {}, .text = std::move(text)};
  }
};

/// What is wrong with a template, and where.
struct Mistake {
  int line = 0;              ///< 1-based; 0: of the file as a whole
  int column = 0;            ///< 1-based, in characters; 0: of the line as a whole
  std::string text;          ///< one sentence without a final stop
  bool is_rendered = false;  ///< although something is wrong
};

/// "FILE:LINE:COLUMN: text", with only those parts that are known.
[[nodiscard]] std::string to_string(const Mistake& mistake, const std::string& file);

struct TemplatesOptions {
  /// A file is checked no more often than this.
  std::chrono::milliseconds check_every = std::chrono::seconds(1);
};

/// Compiles each template once, and again when its file has changed. The engine is made when the
/// first template is used. On one thread only; never blocks but for reading a template's file.
class Templates {
 public:
  explicit Templates(TemplatesOptions options = {});
  ~Templates();
  Templates(const Templates&) = delete;
  Templates& operator=(const Templates&) = delete;

  /// The message. `values` is a JSON object, whose members are the template's fields. The result is
  /// valid UTF-8; a json template's result is not checked for being JSON.
  ///
  /// not_found: the file cannot be read; invalid_config: it is no Handlebars, or a helper in it is
  /// used wrongly; rejected: it would take too long, too much memory, or make too long a message.
  /// Each says file, line and column where they are known.
  [[nodiscard]] Result<std::string> render(const Template& source, const std::string& values);

  /// What is wrong with a template without rendering it; nothing when it compiles.
  [[nodiscard]] std::optional<Mistake> check(const Template& source);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::render
