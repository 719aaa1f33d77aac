#include "net/mqtt_tls.h"

#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/try.h"
#include "net/resolver.h"

namespace tocsin::net {
namespace {

/// In place of asking for it at the terminal.
int no_pass_phrase(char*, int, int, void*) { return 0; }

std::unexpected<Error> wrong_file(const std::string& file, const char* what) {
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  auto error = file + ": " + what + (reason == nullptr ? "" : std::string(": ") + reason);
  ERR_clear_error();
  return fail(ErrorKind::invalid_config, std::move(error));
}

}  // namespace

struct MqttTlsContext::Callbacks {
  static MqttTlsContext& of(const SSL* session) {
    return *static_cast<MqttTlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
  }

  /// The name that is asked for (SNI). Libmosquitto sets it to the address that it connects to,
  /// just before this is called and the first message is made.
  static void set_server_name(const SSL* session, int where, int) {
    if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
    const auto& name = of(session).server_name_;
    // An address is not a name (RFC 6066, 3).
    const char* asked = as_address(name) ? nullptr : name.c_str();
    SSL_set_tlsext_host_name(const_cast<SSL*>(session), asked);  // NOLINT(*-const-cast): it is ours
  }

  static int verified(int good, X509_STORE_CTX* store) {
    if (good == 1) return 1;
    const auto* session =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const int verdict = X509_STORE_CTX_get_error(store);
    const bool other_name =
        verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH;
    of(session).problem_ =
        other_name ? "it is for another name" : X509_verify_cert_error_string(verdict);
    return 0;
  }
};

MqttTlsContext::MqttTlsContext(std::string server_name)
    : server_name_(std::move(server_name)), context_(SSL_CTX_new(TLS_client_method())) {}

MqttTlsContext::~MqttTlsContext() { SSL_CTX_free(context_); }

Result<std::unique_ptr<MqttTlsContext>> MqttTlsContext::make(const MqttTls& settings,
                                                             const std::string& host) {
  std::unique_ptr<MqttTlsContext> made(
      new MqttTlsContext(settings.server_name.empty() ? host : settings.server_name));
  if (made->context_ == nullptr) return fail(ErrorKind::unsupported, "TLS is not available");
  TRY(made->load(settings));
  return made;
}

Result<> MqttTlsContext::load(const MqttTls& settings) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_default_passwd_cb(context_, no_pass_phrase);
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_set_info_callback(context_, Callbacks::set_server_name);
  if (settings.verify) {
    auto* parameters = SSL_CTX_get0_param(context_);
    const auto address = as_address(server_name_);
    const int named = address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, address->c_str())
                              : X509_VERIFY_PARAM_set1_host(parameters, server_name_.c_str(), 0);
    if (named != 1)
      return fail(ErrorKind::invalid_config, "no certificate can be issued for such a name");
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, Callbacks::verified);
    if (settings.ca_file.empty()) {
      SSL_CTX_set_default_verify_paths(context_);
    } else if (SSL_CTX_load_verify_file(context_, settings.ca_file.c_str()) != 1) {
      return wrong_file(settings.ca_file, "no certificate of an authority can be read from it");
    }
  }
  const auto& certificate = settings.certificate_file;
  if (certificate.empty()) return {};
  const auto& key = settings.key_file.empty() ? certificate : settings.key_file;
  if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) != 1)
    return wrong_file(certificate, "no certificate can be read from it");
  if (SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return wrong_file(key, "no unencrypted private key of that certificate can be read from it");
  return {};
}

}  // namespace tocsin::net
