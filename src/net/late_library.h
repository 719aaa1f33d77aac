// Libraries that most commands do without, curl with its two dozen companions before all: each is
// loaded with the first call of one of its functions. The programs for Windows and for any Linux
// have them linked in.
#pragma once

#include <atomic>

namespace tocsin::net {

/// A shared library as the system's loader finds it, and the package of Debian that brings it.
struct LateLibrary {
  const char* file;
  const char* package;
};

/// Where a function is. The library is loaded if it is not yet, and stays. Throws
/// std::runtime_error, with what to install, where it or the function is missing.
[[nodiscard]] void* find_function(const LateLibrary& library, const char* name);

/// A function of a library that may not be loaded yet: called as the function itself is.
template <typename Function>
class LateFunction {
 public:
  constexpr LateFunction(const LateLibrary& library, const char* name)
      : library_(library), name_(name) {}

  operator Function*() const {
    void* address = address_.load(std::memory_order_acquire);
    if (address == nullptr) {
      address = find_function(library_, name_);
      address_.store(address, std::memory_order_release);
    }
    return reinterpret_cast<Function*>(address);
  }

 private:
  const LateLibrary& library_;
  const char* name_;
  mutable std::atomic<void*> address_ = nullptr;
};

}  // namespace tocsin::net

/// Declares a function of a library in this namespace, before the one of the same name in the
/// library's header: calls stay as they are written.
// NOLINTBEGIN(bugprone-macro-parentheses): a name is declared
#if defined(_WIN32) || defined(TOCSIN_PORTABLE)
#define TOCSIN_LATE(library, function) inline constexpr auto* function = &::function
#else
#define TOCSIN_LATE(library, function) \
  inline constinit const LateFunction<decltype(::function)> function { library, #function }
#endif
// NOLINTEND(bugprone-macro-parentheses)
