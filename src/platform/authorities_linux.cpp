#include "platform/authorities_linux.h"

#include <array>
#include <cstdlib>
#include <system_error>

namespace tocsin::platform {
namespace {

constexpr std::array kAuthorityFiles{
    "etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Alpine
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Red Hat, Fedora
    "etc/pki/tls/certs/ca-bundle.crt",                   // Red Hat, older
    "etc/ssl/ca-bundle.pem",                             // SUSE
    "etc/ssl/cert.pem",                                  // Alpine without its package
};

}  // namespace

std::optional<std::filesystem::path> find_system_authorities(const std::filesystem::path& root) {
  for (const auto* file : kAuthorityFiles) {
    std::error_code error;
    if (std::filesystem::is_regular_file(root / file, error)) return root / file;
  }
  return std::nullopt;
}

void use_system_authorities() {
  constexpr int kKeepWhatIsSet = 0;
  if (const auto file = find_system_authorities("/"))
    setenv("SSL_CERT_FILE", file->c_str(), kKeepWhatIsSet);
}

}  // namespace tocsin::platform
