#include "render/templates.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "render/engine.h"

namespace tocsin::render {
namespace {

constexpr std::size_t kMostTemplateBytes = std::size_t{256} * 1024;
constexpr std::size_t kMostMessageBytes = std::size_t{1} << 20;
constexpr std::size_t kMostCompiled = 1000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kTooMuch =
    "takes too long or too much memory, and is not used again until it changes";

/// What tells that a file has changed.
struct Stamp {
  std::filesystem::file_time_type modified;
  std::uintmax_t size = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// not_found: a clause that continues the file's name.
Result<Stamp> check_file(const std::filesystem::path& path) {
  std::error_code error;
  // Reading anything but a regular file could block for ever.
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    return fail(ErrorKind::not_found, "does not exist");
  if (error) return fail(ErrorKind::not_found, "cannot be read: " + error.message());
  if (!std::filesystem::is_regular_file(status)) return fail(ErrorKind::not_found, "is not a file");
  Stamp stamp{.modified = std::filesystem::last_write_time(path, error)};
  if (!error) stamp.size = std::filesystem::file_size(path, error);
  if (error) return fail(ErrorKind::not_found, "cannot be read: " + error.message());
  if (stamp.size > kMostTemplateBytes)
    return fail(ErrorKind::rejected,
                fmt::format("is larger than {} KiB", kMostTemplateBytes / 1024));
  return stamp;
}

Result<std::string> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostTemplateBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return fail(ErrorKind::not_found, "cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return fail(ErrorKind::rejected, "is in UTF-16: save it as UTF-8");
  return text;
}

/// A template as far as it is known.
struct Entry {
  Stamp stamp;
  std::chrono::steady_clock::time_point check_again;
  std::string text;            ///< of a file
  std::optional<Error> error;  ///< why it cannot be rendered
  std::optional<Mistake> mistake;
  int compiled = -1;
  std::size_t engine = 0;  ///< the engine that `compiled` is of; 0: of none

  void forget() {
    error.reset();
    mistake.reset();
    engine = 0;
  }
};

}  // namespace

std::string to_string(const Mistake& mistake, const std::string& file) {
  if (mistake.line == 0) return file.empty() ? mistake.text : file + ": " + mistake.text;
  if (file.empty())
    return fmt::format("line {}, column {}: {}", mistake.line, mistake.column, mistake.text);
  return fmt::format("{}:{}:{}: {}", file, mistake.line, mistake.column, mistake.text);
}

struct Templates::State {
  TemplatesOptions options;
  std::map<std::pair<Format, std::string>, Entry> files;
  std::map<std::pair<Format, std::string>, Entry> texts;
  std::unique_ptr<Engine> engine;
  std::size_t engines = 0;       ///< made so far; names the present one
  std::size_t compilations = 0;  ///< by the present one, or more

  Entry& find(const Template& source) {
    return source.file.empty() ? texts[{source.format, source.text}]
                               : files[{source.format, source.file}];
  }

  /// Reads the file again when it may have changed.
  void refresh(const Template& source, Entry& entry) const {
    if (source.file.empty()) {
      if (source.text.size() > kMostTemplateBytes)
        entry.error = Error{ErrorKind::rejected,
                            fmt::format("is larger than {} KiB", kMostTemplateBytes / 1024),
                            {}};
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < entry.check_again) return;
    entry.check_again = now + options.check_every;
    const auto path = to_path(source.file);
    auto stamp = check_file(path);
    if (stamp && *stamp == entry.stamp && entry.stamp.modified != std::filesystem::file_time_type{})
      return;
    entry.forget();
    entry.stamp = {};
    if (!stamp) {
      entry.error = std::move(stamp).error();
      return;
    }
    auto text = read(path);
    if (!text) {
      entry.error = std::move(text).error();
      return;
    }
    entry.stamp = *stamp;
    entry.text = *std::move(text);
  }

  Engine& running() {
    if (!engine) {
      engine = std::make_unique<Engine>();
      ++engines;
    }
    return *engine;
  }

  /// Makes the entry ready to be rendered, or knows why not.
  void compile(const Template& source, Entry& entry) {
    refresh(source, entry);
    if (entry.error || entry.mistake || (engine && entry.engine == engines)) return;
    // An engine keeps what it has compiled; files that change all day long must not fill it.
    if (++compilations >= kMostCompiled) {
      engine.reset();
      compilations = 0;
    }
    auto made = running().compile(source.file.empty() ? source.text : entry.text, source.format);
    if (auto* mistake = std::get_if<Mistake>(&made)) {
      mistake->text = printable(mistake->text);
      entry.mistake = std::move(*mistake);
    } else if (const auto* compiled = std::get_if<int>(&made)) {
      entry.compiled = *compiled;
      entry.engine = engines;
    } else {
      give_up(entry);
    }
  }

  void give_up(Entry& entry) {
    engine.reset();
    entry.error = Error{ErrorKind::rejected, std::string(kTooMuch), {}};
  }
};

Templates::Templates(TemplatesOptions options) : state_(std::make_unique<State>()) {
  state_->options = options;
}
Templates::~Templates() = default;

namespace {

std::string name_of(const Template& source) {
  return source.file.empty() ? "the template" : printable(source.file);
}

Error describe(const Template& source, const Mistake& mistake) {
  return {ErrorKind::invalid_config, to_string(mistake, printable(source.file)), {}};
}

}  // namespace

Result<std::string> Templates::render(const Template& source, const std::string& values) {
  Entry& entry = state_->find(source);
  state_->compile(source, entry);
  if (entry.mistake) return std::unexpected(describe(source, *entry.mistake));
  if (entry.error) return fail(entry.error->kind, name_of(source) + " " + entry.error->what);
  auto made = state_->running().render(entry.compiled, values);
  if (auto* mistake = std::get_if<Mistake>(&made)) {
    mistake->text = printable(mistake->text);
    return std::unexpected(describe(source, *mistake));
  }
  if (auto* message = std::get_if<std::string>(&made)) {
    if (message->size() <= kMostMessageBytes) return std::move(*message);
    return fail(ErrorKind::rejected,
                name_of(source) + " makes a message that is larger than 1 MiB");
  }
  state_->give_up(entry);
  return fail(ErrorKind::rejected, name_of(source) + " " + std::string(kTooMuch));
}

std::optional<Mistake> Templates::check(const Template& source) {
  Entry& entry = state_->find(source);
  state_->compile(source, entry);
  if (entry.mistake) return entry.mistake;
  if (entry.error) return Mistake{.text = "the template " + entry.error->what};
  if (!is_utf8(entry.text))
    return Mistake{.text =
                       "the template is not in UTF-8 but in another code page, such as "
                       "Windows-1252: save it as UTF-8",
                   .is_rendered = true};
  return std::nullopt;
}

}  // namespace tocsin::render
