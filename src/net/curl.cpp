#include "net/curl.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include <openssl/x509_vfy.h>

#include "base/text.h"
#include "net/late_curl.h"

namespace tocsin::net {
namespace {

std::string certificate_problem(CURL* easy) {
  long verdict = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
  // Curl compares names itself, after the chain was found good and before it notes that.
  if (verdict == X509_V_OK || verdict == X509_V_ERR_UNSPECIFIED) return "it is for another name";
  return X509_verify_cert_error_string(verdict);
}

}  // namespace

void set_tls(void* easy, const TlsOptions& tls) {
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (tls.ca_file.empty()) {
    // Windows keeps its certificates in a store and not in files.
    curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_NATIVE_CA));
  } else {
    curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
    // Instead of the system's, not beside them.
    curl_easy_setopt(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

std::string tls_reason_in(std::string_view words) {
  // "error:0A00010B:SSL routines::wrong version number", "OpenSSL SSL_connect: Connection reset by
  // peer in connection to mail.example:465 "
  while (words.ends_with(' ')) words.remove_suffix(1);
  if (const auto in = words.find(" in connection to "); in != std::string_view::npos)
    words = words.substr(0, in);
  if (const auto colon = words.rfind(':'); colon != std::string_view::npos)
    words.remove_prefix(std::min(words.find_first_not_of(' ', colon + 1), words.size()));
  return printable(words, 200);
}

Error describe_curl_failure(void* easy, int code, const std::string& peer, std::string_view words) {
  long system = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system);
  const auto error = [&](ErrorKind kind, std::string_view what) {
    return Error{kind, peer + ": " + std::string(what), static_cast<std::uint32_t>(code)};
  };
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:  // the connect limit: deadlines are kept by the clients
      return error(ErrorKind::timed_out, "no connection within the connect limit");
    case CURLE_COULDNT_RESOLVE_HOST:
      return error(ErrorKind::unreachable, "no such host name");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return error(ErrorKind::unreachable, "the proxy's host name does not exist");
    case CURLE_COULDNT_CONNECT:
      return error(
          ErrorKind::unreachable,
          system == 0 ? "no connection" : std::system_category().message(static_cast<int>(system)));
    case CURLE_PEER_FAILED_VERIFICATION:
      return error(ErrorKind::denied,
                   "the certificate was not accepted: " + certificate_problem(easy));
    case CURLE_SSL_CONNECT_ERROR:
      if (words.contains("wrong version number"))
        return error(ErrorKind::unsupported, "the server does not speak TLS on this port");
      return error(ErrorKind::unreachable, "no TLS connection: " + tls_reason_in(words));
    case CURLE_SSL_CACERT_BADFILE:
      return error(ErrorKind::denied, "the CA file cannot be read");
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return error(ErrorKind::unreachable, "the connection was closed before an answer came");
    default:
      return error(ErrorKind::unreachable, curl_easy_strerror(static_cast<CURLcode>(code)));
  }
}

}  // namespace tocsin::net
