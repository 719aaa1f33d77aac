// Tickets for services, by MIT's library.
#pragma once

#include <chrono>
#include <krb5.h>
#include <string>

#include "kerberos/account.h"
#include "kerberos/library.h"
#include "kerberos/mit_call.h"

namespace tocsin::kerberos {

/// For how long the TGT of the cache's own realm is valid still; zero: there is none.
[[nodiscard]] std::chrono::seconds remaining_life(const Call& call, krb5_ccache cache,
                                                  krb5_principal client);

struct MitServiceTicket {
  std::string principal;  ///< "cifs/node1@CORP.EXAMPLE", with the realm that it was found in
  ServiceTicket told{};
};
/// Of the service "cifs/node1", into the cache of that name. Asked for here and not by GSS, whose
/// errors say less.
[[nodiscard]] Outcome<MitServiceTicket> get_service_ticket(Call& call,
                                                           const std::string& cache_name,
                                                           const std::string& service,
                                                           Freshness freshness);

}  // namespace tocsin::kerberos
