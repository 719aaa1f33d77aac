#include "kerberos/mit_service_ticket.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/try.h"

namespace tocsin::kerberos {
namespace {

using Creds = Owned<krb5_creds*, krb5_free_creds>;
using ParsedTicket = Owned<krb5_ticket*, krb5_free_ticket>;
using std::chrono::seconds;

struct Life {
  seconds whole{};
  seconds rest{};
};

/// By the clock of the KDC, as far as the cache knows it.
Life life_of(const Call& call, const krb5_creds& creds) {
  krb5_timestamp now = 0;
  krb5_timeofday(call.context(), &now);
  const auto& times = creds.times;
  const auto begin = times.starttime != 0 ? times.starttime : times.authtime;
  return {.whole = seconds(std::int64_t{times.endtime} - begin),
          .rest = std::max(seconds(std::int64_t{times.endtime} - now), seconds(0))};
}

/// "aes256-cts-hmac-sha1-96"
std::string name_of(krb5_enctype type) {
  std::array<char, 100> name{};
  if (krb5_enctype_to_name(type, 0, name.data(), name.size()) == 0) return name.data();
  return fmt::format("encryption type {}", type);
}

ServiceTicket tell_of(const Call& call, const krb5_creds& creds) {
  ServiceTicket told{.key_encryption = name_of(creds.keyblock.enctype),
                     .lifetime = life_of(call, creds).rest};
  const auto ticket = call.make<ParsedTicket>(
      [&](krb5_ticket** made) { return krb5_decode_ticket(&creds.ticket, made); });
  if (ticket) told.encryption = name_of((*ticket)->enc_part.enctype);
  return told;
}

/// By the name as it is written, which DNS has no part in. Its realm is the one that krb5.conf
/// names for it, or else for the KDC to say.
Outcome<Principal> principal_of_service(const Call& call, const std::string& service) {
  const auto slash = service.find('/');
  const auto host = service.substr(slash + 1);
  char** realms = nullptr;
  if (const auto code = krb5_get_host_realm(call.context(), host.c_str(), &realms); code != 0)
    return call.fail(code);
  const std::string realm(realms[0]);
  krb5_free_host_realm(call.context(), realms);
  return call.make<Principal>([&](krb5_principal* made) {
    return krb5_build_principal(call.context(), made, static_cast<unsigned>(realm.size()),
                                realm.c_str(), service.substr(0, slash).c_str(), host.c_str(),
                                nullptr);
  });
}

/// From the cache, else from the KDC. A fresh one takes the place of that in the cache, unless the
/// TGT ends no later than this.
Outcome<Creds> get(const Call& call, krb5_ccache cache, krb5_creds wanted, Freshness freshness) {
  const auto ask = [&] {
    return call.make<Creds>([&](krb5_creds** made) {
      return krb5_get_credentials(call.context(), 0, cache, &wanted, made);
    });
  };
  TRY(auto creds, ask());
  const auto life = life_of(call, *creds);
  if (freshness == Freshness::any || life.rest == life.whole ||
      remaining_life(call, cache, wanted.client) <= life.rest)
    return creds;
  wanted.times.endtime =
      static_cast<krb5_timestamp>(creds->times.endtime + (life.whole - life.rest).count());
  TRY(auto fresh, ask());
  krb5_cc_remove_cred(call.context(), cache, KRB5_TC_MATCH_TIMES_EXACT, creds.get());
  return fresh;
}

}  // namespace

seconds remaining_life(const Call& call, krb5_ccache cache, krb5_principal client) {
  const auto realm = view(*krb5_princ_realm(call.context(), client));
  krb5_cc_cursor cursor{};
  if (krb5_cc_start_seq_get(call.context(), cache, &cursor) != 0) return {};
  std::int64_t end = 0;
  krb5_creds creds{};
  while (krb5_cc_next_cred(call.context(), cache, &cursor, &creds) == 0) {
    if (krb5_is_config_principal(call.context(), creds.server) == 0 &&
        call.name_of(creds.server) == fmt::format("krbtgt/{}@{}", realm, realm))
      end = std::max(end, std::int64_t{creds.times.endtime});
    krb5_free_cred_contents(call.context(), &creds);
  }
  krb5_cc_end_seq_get(call.context(), cache, &cursor);
  krb5_timestamp now = 0;
  krb5_timeofday(call.context(), &now);
  return std::max(seconds(end - now), seconds(0));
}

Outcome<MitServiceTicket> get_service_ticket(Call& call, const std::string& cache_name,
                                             const std::string& service, Freshness freshness) {
  TRY(auto cache, call.make<Cache>([&](krb5_ccache* made) {
    return krb5_cc_resolve(call.context(), cache_name.c_str(), made);
  }));
  TRY(auto client, call.make<Principal>([&](krb5_principal* made) {
    return krb5_cc_get_principal(call.context(), cache.get(), made);
  }));
  auto& attempt = call.attempt();
  attempt.client = call.name_of(client.get());
  attempt.realm = view(*krb5_princ_realm(call.context(), client.get()));
  attempt.service = service;
  TRY(auto server, principal_of_service(call, service));
  krb5_creds wanted{};
  wanted.client = client.get();
  wanted.server = server.get();
  TRY(auto creds, get(call, cache.get(), wanted, freshness));
  return MitServiceTicket{.principal = call.name_of(creds->server), .told = tell_of(call, *creds)};
}

}  // namespace tocsin::kerberos
