// What TLS to a broker needs: certificates, the name to verify, and why it failed.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "net/mqtt_client.h"

struct ssl_ctx_st;

namespace tocsin::net {

/// OpenSSL's context for one connection; it outlives that.
class MqttTlsContext {
 public:
  /// Reads the files anew, so that renewed certificates are taken. invalid_config: what is wrong
  /// with which file. Never asks anybody for a pass phrase.
  static Result<std::unique_ptr<MqttTlsContext>> make(const MqttTls& settings,
                                                      const std::string& host);
  ~MqttTlsContext();
  MqttTlsContext(const MqttTlsContext&) = delete;
  MqttTlsContext& operator=(const MqttTlsContext&) = delete;

  [[nodiscard]] ssl_ctx_st* get() const { return context_; }
  /// Why the broker's certificate was not accepted: "it is for another name" and the like; empty
  /// when it was not the problem. (The session that knows it, too, may be gone with the
  /// connection.)
  [[nodiscard]] const std::string& certificate_problem() const { return problem_; }

 private:
  struct Callbacks;
  explicit MqttTlsContext(std::string server_name);
  Result<> load(const MqttTls& settings);

  std::string server_name_;
  std::string problem_;
  ssl_ctx_st* context_;
};

}  // namespace tocsin::net
