// Tells whether a secret is the one that was refused before, without keeping the secret.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/random.h"

namespace tocsin::logins {

/// A salted hash (scrypt, RFC 7914, 4 MB and some 10 ms of a core), so that whoever reads the
/// store learns nothing that guessing at the server would not tell sooner.
struct Fingerprint {
  Bytes salt;
  Bytes hash;

  [[nodiscard]] static Fingerprint of(std::string_view secret, const RandomFill& random);
  [[nodiscard]] bool matches(std::string_view secret) const;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

}  // namespace tocsin::logins
