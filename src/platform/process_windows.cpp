#include "platform/windows.h"

#include <bcrypt.h>
#include <memory>
#include <sddl.h>
#include <system_error>

#include "platform/access_rules.h"
#include "platform/process.h"
#include "platform/wide.h"

namespace tocsin::platform {

RandomFill system_random() {
  return [](std::span<std::uint8_t> out) {
    if (out.empty()) return;
    const auto status = BCryptGenRandom(nullptr, out.data(), static_cast<ULONG>(out.size()),
                                        BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    if (!BCRYPT_SUCCESS(status))
      throw std::system_error(status, std::system_category(), "BCryptGenRandom");
  };
}

void protect_memory() {
  // No report about a crash, and so no dump that goes with it. The error is in the log of the
  // service manager, or seen by who started the program.
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(
          wide(private_process_sddl()).c_str(), SDDL_REVISION_1, &descriptor, nullptr) == FALSE)
    return;
  const std::unique_ptr<void, Closer<LocalFree>> owner(descriptor);
  SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, descriptor);
}

void return_freed_memory() {}  // the heap does so by itself
void allow_many_files() {}     // sockets have no limit here
std::optional<std::size_t> most_open_files() { return std::nullopt; }

}  // namespace tocsin::platform
