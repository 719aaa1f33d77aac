// A certificate authority that lives as long as a test, and server certificates signed by it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kit/scratch.h"

namespace tocsin::kit {

enum class ServerCertificate : std::uint8_t {
  valid,       ///< for localhost and 127.0.0.1
  expired,     ///< the same, until yesterday
  wrong_name,  ///< for elsewhere.example
};

/// PEM, both.
struct Identity {
  std::string certificate;
  std::string private_key;
};

class CertificateAuthority {
 public:
  CertificateAuthority();
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  [[nodiscard]] Identity issue(ServerCertificate kind) const;
  /// The authority's own certificate as a PEM file, removed at the end.
  [[nodiscard]] std::string file() const;

 private:
  struct Signer;
  std::unique_ptr<Signer> signer_;
  ScratchDirectory folder_;
};

}  // namespace tocsin::kit
