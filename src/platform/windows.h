// <windows.h> without its macros that break other headers. The only way to include it, and in .cpp
// files only.
#pragma once

#ifndef UNICODE
#define UNICODE
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00  // Windows 10, Windows Server 2016
#endif
#include <windows.h>

namespace tocsin::platform {

/// For std::unique_ptr: closes with a function of Windows.
template <auto close>
struct Closer {
  template <typename Handle>
  void operator()(Handle* handle) const {
    close(handle);
  }
};

}  // namespace tocsin::platform
