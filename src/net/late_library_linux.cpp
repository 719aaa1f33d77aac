#include "net/late_library.h"

#include <dlfcn.h>
#include <stdexcept>
#include <string>

namespace tocsin::net {

void* find_function(const LateLibrary& library, const char* name) {
  void* const handle = dlopen(library.file, RTLD_LAZY | RTLD_LOCAL);
  void* const address = handle == nullptr ? nullptr : dlsym(handle, name);
  if (address == nullptr)
    throw std::runtime_error(std::string(dlerror()) + "; install the package " + library.package);
  return address;
}

}  // namespace tocsin::net
