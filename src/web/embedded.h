// The files of `ui/`, as the build has made them (cmake/ui.cmake).
#pragma once

#include <span>
#include <string_view>

namespace tocsin::web {

struct EmbeddedFile {
  std::string_view path;  ///< "/app-4F2A.js"; "/" is the page
  std::string_view type;
  std::string_view etag;  ///< quoted
  bool is_versioned;      ///< its name changes with its content
  std::string_view gzip;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

}  // namespace tocsin::web
