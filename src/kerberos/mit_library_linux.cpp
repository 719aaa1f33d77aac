// Tickets by MIT's libkrb5.
#include <chrono>
#include <cstdint>
#include <krb5.h>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/try.h"
#include "kerberos/library.h"
#include "kerberos/mit_call.h"
#include "kerberos/mit_mechanism.h"
#include "kerberos/mit_service_ticket.h"

namespace tocsin::kerberos {
namespace {

using Options = Owned<krb5_get_init_creds_opt*, krb5_get_init_creds_opt_free>;
using Login = Owned<krb5_init_creds_context, krb5_init_creds_free>;
using Keytab = Owned<krb5_keytab, krb5_kt_close>;

Failure unusable() {
  return {.obstacle = Obstacle::other, .what = "krb5.conf cannot be read or has a mistake"};
}

/// A cache by its name: of the process, or ours in memory, which goes with the ticket.
class MitTicket final : public Ticket {
 public:
  enum class Of : std::uint8_t { process, us };
  MitTicket(std::string principal, Duration lifetime, std::string cache, Of of)
      : Ticket(std::move(principal), lifetime), cache_(std::move(cache)), of_(of) {}
  ~MitTicket() override {
    if (of_ == Of::process) return;
    Trail trail;
    const Call call(trail);
    krb5_ccache cache = nullptr;
    if (call.context() != nullptr && krb5_cc_resolve(call.context(), cache_.c_str(), &cache) == 0)
      krb5_cc_destroy(call.context(), cache);
  }
  MitTicket(const MitTicket&) = delete;
  MitTicket& operator=(const MitTicket&) = delete;

  [[nodiscard]] const std::string& cache() const { return cache_; }

 private:
  std::string cache_;
  Of of_;
};

using TicketOutcome = Outcome<std::shared_ptr<const Ticket>>;

Outcome<Principal> principal_of(const Call& call, const Account& account) {
  const bool enterprise = account.user.contains('@');
  const int flags =
      KRB5_PRINCIPAL_PARSE_NO_REALM | (enterprise ? KRB5_PRINCIPAL_PARSE_ENTERPRISE : 0);
  TRY(auto principal, call.make<Principal>([&](krb5_principal* made) {
    return krb5_parse_name_flags(call.context(), account.user.c_str(), flags, made);
  }));
  const auto code =
      krb5_set_principal_realm(call.context(), principal.get(), account.realm.c_str());
  if (code != 0) return call.fail(code);
  return principal;
}

/// The principal of the keytab that the account means: the first of that name, realm or both.
Outcome<Principal> principal_of(const Call& call, krb5_keytab keytab, const Account& account) {
  krb5_kt_cursor cursor{};
  if (const auto code = krb5_kt_start_seq_get(call.context(), keytab, &cursor); code != 0)
    return call.fail(code);
  krb5_keytab_entry entry{};
  Principal found(nullptr, {call.context()});
  while (!found && krb5_kt_next_entry(call.context(), keytab, &entry, &cursor) == 0) {
    const auto name = call.name_of(entry.principal);
    const bool is_meant =
        (account.user.empty() || name.substr(0, name.rfind('@')) == account.user) &&
        (account.realm.empty() ||
         view(*krb5_princ_realm(call.context(), entry.principal)) == account.realm);
    krb5_principal copy = nullptr;
    if (is_meant && krb5_copy_principal(call.context(), entry.principal, &copy) == 0)
      found.reset(copy);
    krb5_free_keytab_entry_contents(call.context(), &entry);
  }
  krb5_kt_end_seq_get(call.context(), keytab, &cursor);
  if (!found)
    return std::unexpected(
        Failure{.obstacle = Obstacle::no_ticket,
                .what = account.user.empty()
                            ? std::string("the keytab is empty")
                            : fmt::format("the keytab has no key of {}{}{}", account.user,
                                          account.realm.empty() ? "" : "@", account.realm)});
  return found;
}

/// How the library logs in: options that a login needs beside its principal.
Outcome<Options> options_of(const Call& call, krb5_ccache cache, bool enterprise) {
  TRY(auto options, call.make<Options>([&](krb5_get_init_creds_opt** made) {
    return krb5_get_init_creds_opt_alloc(call.context(), made);
  }));
  // It keeps the pointer, and does not write to it.
  krb5_get_init_creds_opt_set_etype_list(options.get(), const_cast<krb5_enctype*>(kAes.data()),
                                         static_cast<int>(kAes.size()));
  krb5_get_init_creds_opt_set_canonicalize(options.get(), enterprise ? 1 : 0);
  krb5_get_init_creds_opt_set_change_password_prompt(options.get(), 0);
  // The cache then also knows by how much the KDC's clock is ahead.
  const auto code = krb5_get_init_creds_opt_set_out_ccache(call.context(), options.get(), cache);
  if (code != 0) return call.fail(code);
  return options;
}

/// A new cache in memory with the ticket that `prove` gets. By the step-wise functions, because
/// krb5_get_init_creds_password() tries a password that was refused a second time, at the primary
/// KDC: two logons that count.
template <typename F>
TicketOutcome get_ticket(Call& call, krb5_principal client, F prove) {
  auto& attempt = call.attempt();
  attempt.client = call.name_of(client);
  attempt.realm = view(*krb5_princ_realm(call.context(), client));
  TRY(auto cache, call.make<Cache>([&](krb5_ccache* made) {
    return krb5_cc_new_unique(call.context(), "MEMORY", nullptr, made);
  }));
  const auto name = "MEMORY:" + std::string(krb5_cc_get_name(call.context(), cache.get()));
  const bool enterprise = krb5_princ_type(call.context(), client) == KRB5_NT_ENTERPRISE_PRINCIPAL;
  const auto log_in = [&]() -> Outcome<krb5_ticket_times> {
    TRY(auto options, options_of(call, cache.get(), enterprise));
    TRY(auto login, call.make<Login>([&](krb5_init_creds_context* made) {
      return krb5_init_creds_init(call.context(), client, nullptr, nullptr, 0, options.get(), made);
    }));
    auto code = prove(login.get());
    if (code == 0) code = krb5_init_creds_get(call.context(), login.get());
    krb5_ticket_times times{};
    if (code == 0) code = krb5_init_creds_get_times(call.context(), login.get(), &times);
    if (code != 0) return call.fail(code);
    return times;
  };
  auto times = log_in();
  if (!times) {
    krb5_cc_destroy(call.context(), cache.release());
    return std::unexpected(std::move(times).error());
  }
  const auto begin = times->starttime != 0 ? times->starttime : times->authtime;
  return std::make_shared<const MitTicket>(
      attempt.client, std::chrono::seconds(std::int64_t{times->endtime} - begin), name,
      MitTicket::Of::us);
}

TicketOutcome log_in_by_password(Call& call, const Account& account) {
  TRY(auto client, principal_of(call, account));
  return get_ticket(call, client.get(), [&](krb5_init_creds_context login) {
    return krb5_init_creds_set_password(call.context(), login, account.password.reveal().c_str());
  });
}

TicketOutcome log_in_by_keytab(Call& call, const Account& account, krb5_keytab keytab) {
  TRY(auto client, principal_of(call, keytab, account));
  return get_ticket(call, client.get(), [&](krb5_init_creds_context login) {
    return krb5_init_creds_set_keytab(call.context(), login, keytab);
  });
}

TicketOutcome log_in_by_keytab(Call& call, const Account& account) {
  const auto in_file = [&](Failure failure) {
    failure.what = fmt::format("keytab {}: {}", account.keytab, failure.what);
    return failure;
  };
  auto keytab = call.make<Keytab>([&](krb5_keytab* made) {
    return krb5_kt_resolve(call.context(), ("FILE:" + account.keytab).c_str(), made);
  });
  if (!keytab) return std::unexpected(in_file(std::move(keytab).error()));
  auto ticket = log_in_by_keytab(call, account, keytab->get());
  if (!ticket) return std::unexpected(in_file(std::move(ticket).error()));
  return ticket;
}

TicketOutcome take_from_cache(Call& call) {
  TRY(auto cache,
      call.make<Cache>([&](krb5_ccache* made) { return krb5_cc_default(call.context(), made); }));
  TRY(auto client, call.make<Principal>([&](krb5_principal* made) {
    return krb5_cc_get_principal(call.context(), cache.get(), made);
  }));
  const auto name = fmt::format("{}:{}", krb5_cc_get_type(call.context(), cache.get()),
                                krb5_cc_get_name(call.context(), cache.get()));
  const auto life = remaining_life(call, cache.get(), client.get());
  if (life.count() == 0)
    return std::unexpected(Failure{.obstacle = Obstacle::no_ticket,
                                   .what = fmt::format("the tickets in {} have expired", name)});
  return std::make_shared<const MitTicket>(call.name_of(client.get()), life, name,
                                           MitTicket::Of::process);
}

/// What is in the cache, else what the keytab for clients gets (KRB5CCNAME, KRB5_CLIENT_KTNAME).
TicketOutcome log_in_as_process(Call& call) {
  auto cached = take_from_cache(call);
  if (cached) return cached;
  auto keytab = call.make<Keytab>(
      [&](krb5_keytab* made) { return krb5_kt_client_default(call.context(), made); });
  if (keytab && krb5_kt_have_content(call.context(), keytab->get()) == 0)
    return log_in_by_keytab(call, Account{}, keytab->get());
  return std::unexpected(Failure{
      .obstacle = Obstacle::no_ticket,
      .what = fmt::format("this process has no Kerberos ticket (KRB5CCNAME: {}) and no keytab to "
                          "get one (KRB5_CLIENT_KTNAME)",
                          cached.error().what)});
}

class MitLibrary final : public Library {
 public:
  Outcome<std::shared_ptr<const Ticket>> log_in(const Account& account, Trail& trail) override {
    Call call(trail);
    if (call.context() == nullptr) return std::unexpected(unusable());
    switch (account.proof) {
      case Proof::password:
        return log_in_by_password(call, account);
      case Proof::keytab:
        return log_in_by_keytab(call, account);
      case Proof::process:
        break;
    }
    return log_in_as_process(call);
  }

  Outcome<Client> initiate(const Ticket& ticket, const std::string& service, Freshness freshness,
                           Trail& trail) override {
    Call call(trail);
    if (call.context() == nullptr) return std::unexpected(unusable());
    const auto& cache_name = static_cast<const MitTicket&>(ticket).cache();
    TRY(auto ticket_of_service, get_service_ticket(call, cache_name, service, freshness));
    TRY(auto mechanism, make_mechanism({.cache = cache_name,
                                        .principal = std::move(ticket_of_service.principal),
                                        .service = service}));
    return Client{.mechanism = std::move(mechanism), .ticket = std::move(ticket_of_service.told)};
  }
};

}  // namespace

bool has_process_ticket() {
  Trail trail;
  Call call(trail);
  if (call.context() == nullptr) return false;
  if (take_from_cache(call)) return true;
  const auto keytab = call.make<Keytab>(
      [&](krb5_keytab* made) { return krb5_kt_client_default(call.context(), made); });
  return keytab && krb5_kt_have_content(call.context(), keytab->get()) == 0;
}

std::shared_ptr<Library> this_library() { return std::make_shared<MitLibrary>(); }

}  // namespace tocsin::kerberos
