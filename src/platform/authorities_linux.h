// Whose certificates a system trusts. An OpenSSL that is part of the system knows where they are;
// the one in the portable program has to look.
#pragma once

#include <filesystem>
#include <optional>

namespace tocsin::platform {

/// The file with the certificates of the authorities (PEM), below `root`. Nothing: it is none of
/// those that Debian, Red Hat, SUSE, Alpine and what descends from them use.
[[nodiscard]] std::optional<std::filesystem::path> find_system_authorities(
    const std::filesystem::path& root);

/// Lets OpenSSL trust them, unless SSL_CERT_FILE says where its certificates are. Called before
/// there are threads, because it changes the environment.
void use_system_authorities();

}  // namespace tocsin::platform
