#include "base/file_error.h"

#include <cerrno>

namespace tocsin {

ErrorKind kind_of_file_error(const std::error_code& error) {
#ifdef EDQUOT  // not on Windows; std::errc has no name for it
  if (error.value() == EDQUOT) return ErrorKind::exhausted;
#endif
  return error == std::errc::no_space_on_device || error == std::errc::io_error
             ? ErrorKind::exhausted
             : ErrorKind::storage;
}

}  // namespace tocsin
