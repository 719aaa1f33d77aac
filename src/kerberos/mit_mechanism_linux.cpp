#include "kerberos/mit_mechanism.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/try.h"
#include "kerberos/host_refusal.h"
#include "kerberos/mit_call.h"

namespace tocsin::kerberos {
namespace {

struct ReleaseName {
  void operator()(gss_name_t name) const {
    OM_uint32 minor = 0;
    gss_release_name(&minor, &name);
  }
};
struct ReleaseCred {
  void operator()(gss_cred_id_t cred) const {
    OM_uint32 minor = 0;
    gss_release_cred(&minor, &cred);
  }
};
struct DeleteContext {
  void operator()(gss_ctx_id_t context) const {
    OM_uint32 minor = 0;
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  }
};
using Name = std::unique_ptr<std::remove_pointer_t<gss_name_t>, ReleaseName>;
using Cred = std::unique_ptr<std::remove_pointer_t<gss_cred_id_t>, ReleaseCred>;
using SecurityContext = std::unique_ptr<std::remove_pointer_t<gss_ctx_id_t>, DeleteContext>;

/// What GSSAPI has allocated.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &held_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  gss_buffer_t out() { return &held_; }
  [[nodiscard]] Bytes bytes() const {
    const auto* begin = static_cast<const std::uint8_t*>(held_.value);
    return {begin, begin + held_.length};
  }
  [[nodiscard]] std::string text() const {
    return {static_cast<const char*>(held_.value), held_.length};
  }

 private:
  gss_buffer_desc held_ = GSS_C_EMPTY_BUFFER;
};

/// The library reads, and never writes, what it is given so.
gss_buffer_desc lend(BytesView bytes) {
  return {.length = bytes.size(), .value = const_cast<std::uint8_t*>(bytes.data())};
}

gss_OID mechanism() { return const_cast<gss_OID>(gss_mech_krb5); }

std::string text_of(OM_uint32 minor) {
  OM_uint32 ignored = 0;
  OM_uint32 more = 0;
  Buffer text;
  gss_display_status(&ignored, minor, GSS_C_MECH_CODE, mechanism(), &more, text.out());
  return text.text();
}

Failure failure_of_gss(OM_uint32 minor, const std::string& service) {
  return {.what = fmt::format("{}: {}", service, text_of(minor)), .native = minor};
}

/// 17 and 18 of RFC 3962, 19 and 20 of RFC 8009.
bool is_aes(std::uint32_t encryption_type) {
  return encryption_type >= 17 && encryption_type <= 20;
}

class MitMechanism final : public spnego::Mechanism {
 public:
  MitMechanism(Name service, Cred cred, std::string shown)
      : service_(std::move(service)), cred_(std::move(cred)), shown_(std::move(shown)) {}

  /// The first token.
  Outcome<void> begin() {
    auto token = advance({});
    if (!token) return std::unexpected(failure_of_gss(token.error(), shown_));
    first_ = *std::move(token);
    return {};
  }

  spnego::Oid oid() const override { return to_bytes(spnego::kWindowsKerberosOid); }
  std::vector<spnego::Oid> other_oids() const override { return {to_bytes(spnego::kKerberosOid)}; }

  Result<Bytes> step(BytesView token) override {
    if (!first_.empty()) return std::exchange(first_, {});
    if (complete_)
      return fail(ErrorKind::malformed, "the server goes on where the Kerberos exchange ends");
    if (token.empty()) return fail(ErrorKind::malformed, "the server's Kerberos token is missing");
    auto answer = advance(token);
    if (!answer) return std::unexpected(refusal(token, answer.error()));
    if (complete_) {
      TRY(read_session_key());
    }
    return *std::move(answer);
  }
  bool complete() const override { return complete_; }
  Bytes session_key() const override { return session_key_; }

  Bytes sign(BytesView message) const override {
    auto lent = lend(message);
    Buffer mic;
    OM_uint32 minor = 0;
    gss_get_mic(&minor, context_.get(), GSS_C_QOP_DEFAULT, &lent, mic.out());
    return mic.bytes();
  }
  bool verify(BytesView message, BytesView signature) const override {
    auto lent = lend(message);
    auto mic = lend(signature);
    OM_uint32 minor = 0;
    return gss_verify_mic(&minor, context_.get(), &lent, &mic, nullptr) == GSS_S_COMPLETE;
  }

 private:
  std::expected<Bytes, OM_uint32> advance(BytesView token) {
    constexpr OM_uint32 kFlags = GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG |
                                 GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;
    auto input = lend(token);
    Buffer output;
    OM_uint32 minor = 0;
    OM_uint32 granted = 0;
    auto* context = context_.release();
    const auto major = gss_init_sec_context(&minor, cred_.get(), &context, service_.get(),
                                            mechanism(), kFlags, 0, GSS_C_NO_CHANNEL_BINDINGS,
                                            &input, nullptr, output.out(), &granted, nullptr);
    context_.reset(context);
    if (GSS_ERROR(major) != 0) return std::unexpected(minor);
    complete_ = major == GSS_S_COMPLETE;
    if (complete_ && (granted & GSS_C_MUTUAL_FLAG) == 0) return std::unexpected(0);
    return output.bytes();
  }

  /// The subkey where there is one: 16 bytes of AES-128, 32 of AES-256.
  Result<> read_session_key() {
    OM_uint32 minor = 0;
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    const auto major =
        gss_inquire_sec_context_by_oid(&minor, context_.get(), GSS_C_INQ_SSPI_SESSION_KEY, &set);
    if (GSS_ERROR(major) == 0 && set != nullptr && set->count > 0) {
      const auto& key = set->elements[0];
      const auto* begin = static_cast<const std::uint8_t*>(key.value);
      session_key_.assign(begin, begin + key.length);
    }
    const bool named = set != nullptr && set->count > 1 && set->elements[1].length > 0;
    // The last arc of the OID is the encryption type; the small ones that matter take one byte.
    const auto type =
        named
            ? static_cast<const std::uint8_t*>(set->elements[1].value)[set->elements[1].length - 1]
            : 0U;
    gss_release_buffer_set(&minor, &set);
    if (session_key_.empty() || !is_aes(type))
      return fail(ErrorKind::unsupported, shown_ + ": the session key is not one of AES");
    return {};
  }

  [[nodiscard]] Error refusal(BytesView token, OM_uint32 minor) const {
    auto said = read_host_refusal(token);
    if (!said)
      return {ErrorKind::malformed,
              fmt::format("{}: the host's answer is wrong: {}", shown_, text_of(minor)), minor};
    return describe_host_refusal(*said, shown_, SystemClock().now());
  }

  Name service_;
  Cred cred_;
  std::string shown_;
  SecurityContext context_;
  Bytes first_;
  Bytes session_key_;
  bool complete_ = false;
};

/// Of the cache, for AES only.
Outcome<Cred> acquire(const MechanismOptions& options) {
  gss_key_value_element_desc element{.key = "ccache", .value = options.cache.c_str()};
  const gss_key_value_set_desc store{.count = 1, .elements = &element};
  gss_OID_set_desc mechanisms{.count = 1, .elements = mechanism()};
  OM_uint32 minor = 0;
  gss_cred_id_t made = GSS_C_NO_CREDENTIAL;
  auto major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms,
                                     GSS_C_INITIATE, &store, &made, nullptr, nullptr);
  Cred cred(made);
  if (GSS_ERROR(major) != 0) return std::unexpected(failure_of_gss(minor, options.service));
  auto aes = kAes;
  major = gss_krb5_set_allowable_enctypes(&minor, cred.get(), aes.size(), aes.data());
  if (GSS_ERROR(major) != 0) return std::unexpected(failure_of_gss(minor, options.service));
  return cred;
}

}  // namespace

Outcome<std::unique_ptr<spnego::Mechanism>> make_mechanism(MechanismOptions options) {
  auto principal = lend(as_bytes(options.principal));
  OM_uint32 minor = 0;
  gss_name_t made = GSS_C_NO_NAME;
  const auto major =
      gss_import_name(&minor, &principal, const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME), &made);
  Name service(made);
  if (GSS_ERROR(major) != 0) return std::unexpected(failure_of_gss(minor, options.service));
  TRY(auto cred, acquire(options));
  auto mechanism = std::make_unique<MitMechanism>(std::move(service), std::move(cred),
                                                  std::move(options.service));
  TRY(mechanism->begin());
  return mechanism;
}

}  // namespace tocsin::kerberos
