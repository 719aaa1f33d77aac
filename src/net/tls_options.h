// How a server is verified.
#pragma once

#include <string>

namespace tocsin::net {

struct TlsOptions {
  std::string ca_file;  ///< PEM, in place of the system's certificates; empty: those
  bool verify = true;   ///< the certificate chain and the name in it
};

}  // namespace tocsin::net
