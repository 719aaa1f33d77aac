// What the clients of libcurl share. Its header stays out of ours: `easy` is a CURL*, `code` a
// CURLcode.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "net/tls_options.h"

namespace tocsin::net {

/// Frees what curl has made, for std::unique_ptr.
template <const auto& Free>
struct CurlDeleter {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

void set_tls(void* easy, const TlsOptions& tls);

/// Why there is no connection to `peer` ("host:port"), or why it ended: curl's code as a kind and a
/// sentence, for all protocols. `words` are curl's own (CURLOPT_ERRORBUFFER).
[[nodiscard]] Error describe_curl_failure(void* easy, int code, const std::string& peer,
                                          std::string_view words);
/// The reason that OpenSSL gives within curl's words, as "sslv3 alert handshake failure".
[[nodiscard]] std::string tls_reason_in(std::string_view words);

}  // namespace tocsin::net
