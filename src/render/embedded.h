// What CMake puts into the program (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace tocsin::render {

extern const std::string_view kHandlebars;  ///< Handlebars.js, from Debian's libjs-handlebars
extern const std::string_view kEngine;      ///< engine.js

}  // namespace tocsin::render
