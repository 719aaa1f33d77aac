// The C++ library of gcc 12 was compiled with a later C library than the portable program is linked
// against. These are the two things that it takes from there.
#include <cstdint>
#include <cstdlib>
#include <unistd.h>

extern "C" {

/// Whether reference counters may go without atomic instructions (glibc 2.32): never.
char __libc_single_threaded = 0;  // NOLINT(bugprone-reserved-identifier): glibc's name

/// What std::random_device reads (glibc 2.36).
std::uint32_t arc4random() {
  std::uint32_t number = 0;
  if (getentropy(&number, sizeof number) != 0) std::abort();
  return number;
}
}
