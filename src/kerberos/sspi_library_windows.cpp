// Kerberos by Windows itself (SSPI). The local security authority (LSA) keeps the tickets and
// renews them; an account of ours is a logon of its own there.
#include "platform/windows.h"
#define SECURITY_WIN32
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <security.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/try.h"
#include "kerberos/host_refusal.h"
#include "kerberos/library.h"
#include "platform/wide.h"

namespace tocsin::kerberos {
namespace {

using platform::narrow;
using platform::wide;

/// For so long one handle is used; its tickets are not our concern.
constexpr auto kLifetime = std::chrono::hours(4);

wchar_t* package() {
  static std::wstring name = L"Kerberos";  // not written to, though its type says so
  return name.data();
}

/// Whoever logs in by it keeps it, also when the ticket has been replaced.
class Credential {
 public:
  explicit Credential(CredHandle handle) : handle_(handle) {}
  ~Credential() { FreeCredentialsHandle(&handle_); }
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;
  [[nodiscard]] CredHandle* get() { return &handle_; }

 private:
  CredHandle handle_;
};

class SspiTicket final : public Ticket {
 public:
  SspiTicket(std::string principal, CredHandle handle)
      : Ticket(std::move(principal), kLifetime),
        credential_(std::make_shared<Credential>(handle)) {}

  [[nodiscard]] const std::shared_ptr<Credential>& credential() const { return credential_; }

 private:
  std::shared_ptr<Credential> credential_;
};

std::pair<Obstacle, std::string> describe(SECURITY_STATUS status, const std::string& principal,
                                          const std::string& service) {
  using enum Obstacle;
  switch (status) {
    case SEC_E_LOGON_DENIED:
      return {secret, principal + ": wrong user name or password, or the account is locked"};
    case SEC_E_TARGET_UNKNOWN:
      return {unknown_service,
              fmt::format("the domain does not know {}: write the name that it is registered by as "
                          "`serverName`, or register this one (setspn); an IP address has none",
                          service)};
    case SEC_E_NO_AUTHENTICATING_AUTHORITY:
      return {no_kdc, "no domain controller was reached for " + principal};
    case SEC_E_TIME_SKEW:
      return {clock, "the clocks of this machine and of the domain controller differ too much"};
    case SEC_E_NO_CREDENTIALS:
      return {no_ticket, "this process has no domain account"};
    case SEC_E_KDC_UNKNOWN_ETYPE:
      return {encryption,
              "no common encryption type for " + (service.empty() ? principal : service)};
    default:
      break;
  }
  return {other, fmt::format("{}: SSPI answers 0x{:08X}", service.empty() ? principal : service,
                             static_cast<std::uint32_t>(status))};
}

Failure failure_of(SECURITY_STATUS status, const std::string& principal,
                   const std::string& service) {
  auto [obstacle, what] = describe(status, principal, service);
  return {
      .obstacle = obstacle, .what = std::move(what), .native = static_cast<std::uint32_t>(status)};
}

SecBuffer lend(unsigned long type, BytesView bytes) {
  return {.cbBuffer = static_cast<unsigned long>(bytes.size()),
          .BufferType = type,
          .pvBuffer = const_cast<std::uint8_t*>(bytes.data())};
}

template <std::size_t kCount>
SecBufferDesc describe_buffers(std::array<SecBuffer, kCount>& buffers) {
  return {.ulVersion = SECBUFFER_VERSION, .cBuffers = kCount, .pBuffers = buffers.data()};
}

class SspiMechanism final : public spnego::Mechanism {
 public:
  SspiMechanism(std::shared_ptr<Credential> credential, std::string service)
      : credential_(std::move(credential)), service_(std::move(service)), target_(wide(service_)) {}
  ~SspiMechanism() override {
    if (has_context_) DeleteSecurityContext(&context_);
  }
  SspiMechanism(const SspiMechanism&) = delete;
  SspiMechanism& operator=(const SspiMechanism&) = delete;

  /// The first token, for which the domain controller is asked.
  SECURITY_STATUS begin() { return advance({}, first_); }

  spnego::Oid oid() const override { return to_bytes(spnego::kWindowsKerberosOid); }
  std::vector<spnego::Oid> other_oids() const override { return {to_bytes(spnego::kKerberosOid)}; }

  Result<Bytes> step(BytesView token) override {
    if (!first_.empty()) return std::exchange(first_, {});
    if (complete_)
      return fail(ErrorKind::malformed, "the server goes on where the Kerberos exchange ends");
    Bytes answer;
    if (const auto status = advance(token, answer); status < 0) {
      if (const auto refusal = read_host_refusal(token))
        return std::unexpected(describe_host_refusal(*refusal, service_, SystemClock().now()));
      return fail(ErrorKind::malformed,
                  fmt::format("{}: the host's answer is wrong: SSPI answers 0x{:08X}", service_,
                              static_cast<std::uint32_t>(status)),
                  static_cast<std::uint32_t>(status));
    }
    if (complete_) {
      TRY(read_session_key());
    }
    return answer;
  }
  bool complete() const override { return complete_; }
  Bytes session_key() const override { return session_key_; }

  Bytes sign(BytesView message) const override {
    SecPkgContext_Sizes sizes{};
    if (QueryContextAttributesW(&context_, SECPKG_ATTR_SIZES, &sizes) != SEC_E_OK) return {};
    Bytes mic(sizes.cbMaxSignature);
    std::array buffers{lend(SECBUFFER_DATA, message), lend(SECBUFFER_TOKEN, mic)};
    auto all = describe_buffers(buffers);
    if (MakeSignature(&context_, 0, &all, 0) != SEC_E_OK) return {};
    mic.resize(buffers[1].cbBuffer);
    return mic;
  }
  bool verify(BytesView message, BytesView signature) const override {
    std::array buffers{lend(SECBUFFER_DATA, message), lend(SECBUFFER_TOKEN, signature)};
    auto all = describe_buffers(buffers);
    return VerifySignature(&context_, &all, 0, nullptr) == SEC_E_OK;
  }

 private:
  SECURITY_STATUS advance(BytesView token, Bytes& answer) {
    constexpr unsigned long kFlags = ISC_REQ_MUTUAL_AUTH | ISC_REQ_INTEGRITY |
                                     ISC_REQ_CONFIDENTIALITY | ISC_REQ_REPLAY_DETECT |
                                     ISC_REQ_SEQUENCE_DETECT | ISC_REQ_ALLOCATE_MEMORY;
    std::array input{lend(SECBUFFER_TOKEN, token)};
    std::array output{lend(SECBUFFER_TOKEN, {})};
    auto in = describe_buffers(input);
    auto out = describe_buffers(output);
    unsigned long granted = 0;
    const auto status = InitializeSecurityContextW(
        credential_->get(), has_context_ ? &context_ : nullptr, target_.data(), kFlags, 0,
        SECURITY_NATIVE_DREP, token.empty() ? nullptr : &in, 0, &context_, &out, &granted, nullptr);
    if (output[0].pvBuffer != nullptr) {
      const auto* begin = static_cast<const std::uint8_t*>(output[0].pvBuffer);
      answer.assign(begin, begin + output[0].cbBuffer);
      FreeContextBuffer(output[0].pvBuffer);
    }
    if (status < 0) return status;
    has_context_ = true;
    complete_ = status == SEC_E_OK;
    if (complete_ && (granted & ISC_RET_MUTUAL_AUTH) == 0) return SEC_E_MUTUAL_AUTH_FAILED;
    return status;
  }

  /// The subkey, as SMB2 wants it.
  Result<> read_session_key() {
    SecPkgContext_SessionKey key{};
    if (QueryContextAttributesW(&context_, SECPKG_ATTR_SESSION_KEY, &key) == SEC_E_OK) {
      session_key_.assign(key.SessionKey, key.SessionKey + key.SessionKeyLength);
      FreeContextBuffer(key.SessionKey);
    }
    SecPkgContext_KeyInfoW info{};
    unsigned long type = 0;
    if (QueryContextAttributesW(&context_, SECPKG_ATTR_KEY_INFO, &info) == SEC_E_OK) {
      type = info.EncryptAlgorithm;
      FreeContextBuffer(info.sSignatureAlgorithmName);
      FreeContextBuffer(info.sEncryptAlgorithmName);
    }
    const bool is_aes = type >= 17 && type <= 20;  // RFC 3962, RFC 8009
    if (session_key_.empty() || !is_aes)
      return fail(ErrorKind::unsupported, service_ + ": the session key is not one of AES");
    return {};
  }

  std::shared_ptr<Credential> credential_;
  std::string service_;
  std::wstring target_;
  mutable CtxtHandle context_{};
  bool has_context_ = false;
  bool complete_ = false;
  Bytes first_;
  Bytes session_key_;
};

class SspiLibrary final : public Library {
 public:
  Outcome<std::shared_ptr<const Ticket>> log_in(const Account& account, Trail& /*trail*/) override {
    if (account.proof == Proof::keytab)
      return std::unexpected(Failure{.what = "Windows has no use for a keytab"});
    auto user = wide(account.user);
    auto domain = wide(account.realm);
    auto password = wide(account.password.reveal());
    SEC_WINNT_AUTH_IDENTITY_W identity{
        .User = reinterpret_cast<unsigned short*>(user.data()),
        .UserLength = static_cast<unsigned long>(user.size()),
        .Domain = reinterpret_cast<unsigned short*>(domain.data()),
        .DomainLength = static_cast<unsigned long>(domain.size()),
        .Password = reinterpret_cast<unsigned short*>(password.data()),
        .PasswordLength = static_cast<unsigned long>(password.size()),
        .Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE,
    };
    const auto name = account.proof == Proof::process
                          ? std::string("the account of this process")
                          : fmt::format("{}@{}", account.user, account.realm);
    CredHandle handle{};
    const auto status = AcquireCredentialsHandleW(
        nullptr, package(), SECPKG_CRED_OUTBOUND, nullptr,
        account.proof == Proof::process ? nullptr : &identity, nullptr, nullptr, &handle, nullptr);
    SecureZeroMemory(password.data(), password.size() * sizeof(wchar_t));
    if (status != SEC_E_OK) return std::unexpected(failure_of(status, name, {}));
    return std::make_shared<const SspiTicket>(name, handle);
  }

  Outcome<Client> initiate(const Ticket& ticket, const std::string& service,
                           Freshness /*freshness*/, Trail& /*trail*/) override {
    auto mechanism = std::make_unique<SspiMechanism>(
        static_cast<const SspiTicket&>(ticket).credential(), service);
    if (const auto status = mechanism->begin(); status < 0)
      return std::unexpected(failure_of(status, ticket.principal(), service));
    return Client{.mechanism = std::move(mechanism)};
  }
};

}  // namespace

bool has_process_ticket() { return true; }

std::shared_ptr<Library> this_library() { return std::make_shared<SspiLibrary>(); }

}  // namespace tocsin::kerberos
