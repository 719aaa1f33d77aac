// Handlebars.js inside Duktape: one heap, bounded in memory and in work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "render/templates.h"

namespace tocsin::render {

/// It took too long or too much memory. The engine cannot be used again.
struct Exhausted {};

/// All of Handlebars' state. What a script does is counted: what it allocates, holds and executes.
class Engine {
 public:
  /// Takes some milliseconds.
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// What to render with; or what is wrong with the template.
  [[nodiscard]] std::variant<int, Mistake, Exhausted> compile(const std::string& text,
                                                              Format format);
  /// The message, in valid UTF-8.
  [[nodiscard]] std::variant<std::string, Mistake, Exhausted> render(int compiled,
                                                                     const std::string& values);

 private:
  struct Heap;
  std::unique_ptr<Heap> heap_;
};

}  // namespace tocsin::render
