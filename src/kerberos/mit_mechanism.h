// The client's side of Kerberos (RFC 4121) by MIT's GSSAPI, for SPNEGO.
#pragma once

#include <memory>
#include <string>

#include "kerberos/account.h"
#include "wire/spnego/negotiation.h"

namespace tocsin::kerberos {

struct MechanismOptions {
  std::string cache;      ///< name of a cache that has a ticket for the service
  std::string principal;  ///< "cifs/node1@CORP.EXAMPLE"
  std::string service;    ///< the same for people: "cifs/node1"
};

/// Its first token is made here, which may block. Errors of later steps: denied, with what the host
/// says and by how much its clock differs; malformed.
[[nodiscard]] Outcome<std::unique_ptr<spnego::Mechanism>> make_mechanism(MechanismOptions options);

}  // namespace tocsin::kerberos
