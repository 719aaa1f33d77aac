#include "net/server_stream.h"

#include <array>
#include <utility>

#include <climits>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/try.h"

namespace tocsin::net {
namespace {

/// Why OpenSSL has failed, in its words: what it says later follows from that.
std::string first_reason() {
  const auto code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown reason" : reason;
}

}  // namespace

struct TlsIdentity::Context {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> handle{SSL_CTX_new(TLS_server_method()),
                                                           SSL_CTX_free};
};

Result<TlsIdentity> TlsIdentity::load(const std::string& certificate_file,
                                      const std::string& key_file) {
  ERR_clear_error();
  auto context = std::make_shared<Context>();
  auto* const handle = context->handle.get();
  if (handle == nullptr)
    return fail(ErrorKind::exhausted, "TLS cannot be begun: " + first_reason());
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  // No stack of ours waits for a pass phrase on the terminal.
  SSL_CTX_set_default_passwd_cb(handle, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(handle, certificate_file.c_str()) != 1)
    return fail(ErrorKind::invalid_config,
                certificate_file + ": no certificate: " + first_reason());
  const auto& key = key_file.empty() ? certificate_file : key_file;
  if (SSL_CTX_use_PrivateKey_file(handle, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(ErrorKind::invalid_config, key + ": no private key for it: " + first_reason());
  return TlsIdentity(std::move(context));
}

/// OpenSSL reads and writes memory; the bytes pass through it from and to the socket.
struct ServerStream::Session {
  explicit Session(std::shared_ptr<TlsIdentity::Context> of)
      : context(std::move(of)), ssl(SSL_new(context->handle.get()), SSL_free) {
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);  // which owns them from now on
    SSL_set_accept_state(ssl.get());
  }

  /// Whether a result that is not positive only means that bytes of the peer are missing.
  [[nodiscard]] bool wants_more(int result) const {
    return SSL_get_error(ssl.get(), result) == SSL_ERROR_WANT_READ;
  }

  std::shared_ptr<TlsIdentity::Context> context;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl;
  BIO* in = nullptr;
  BIO* out = nullptr;
};

ServerStream::ServerStream(TcpStream plain) : tcp_(std::move(plain)) {}
ServerStream::ServerStream(TcpStream encrypted, const TlsIdentity& identity)
    : tcp_(std::move(encrypted)), session_(std::make_unique<Session>(identity.context_)) {}
ServerStream::ServerStream(ServerStream&&) noexcept = default;
ServerStream& ServerStream::operator=(ServerStream&&) noexcept = default;
ServerStream::~ServerStream() = default;

awaitable<Result<>> ServerStream::send_waiting(Deadline deadline) {
  const auto size = BIO_ctrl_pending(session_->out);
  if (size == 0) co_return Result<>{};
  Bytes waiting(size);
  BIO_read(session_->out, waiting.data(), static_cast<int>(size));
  co_return co_await tcp_.write(waiting, deadline);
}

awaitable<Result<bool>> ServerStream::feed(Deadline deadline) {
  CO_TRY(co_await send_waiting(deadline));
  std::array<std::uint8_t, 4096> buffer{};
  CO_TRY(const auto count, co_await tcp_.read_some(buffer, deadline));
  BIO_write(session_->in, buffer.data(), static_cast<int>(count));
  co_return count > 0;
}

awaitable<Result<std::size_t>> ServerStream::read_some(std::span<std::uint8_t> buffer,
                                                       Deadline deadline) {
  if (!session_) co_return co_await tcp_.read_some(buffer, deadline);
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(session_->ssl.get(), buffer.data(), buffer.size(), &count);
    if (result == 1) {
      CO_TRY(co_await send_waiting(deadline));
      co_return count;
    }
    if (SSL_get_error(session_->ssl.get(), result) == SSL_ERROR_ZERO_RETURN)
      co_return std::size_t{0};
    if (!session_->wants_more(result)) {
      auto error = fail(ErrorKind::malformed, tcp_.peer() + ": TLS: " + first_reason());
      (void)co_await send_waiting(deadline);  // the alert that says so
      tcp_.close();
      co_return error;
    }
    CO_TRY(const bool more, co_await feed(deadline));
    if (!more) co_return std::size_t{0};
  }
}

awaitable<Result<>> ServerStream::write(BytesView all, Deadline deadline) {
  if (!session_) co_return co_await tcp_.write(all, deadline);
  while (!all.empty()) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_write_ex(session_->ssl.get(), all.data(), all.size(), &count);
    if (result != 1 && !session_->wants_more(result)) {
      auto error = fail(ErrorKind::malformed, tcp_.peer() + ": TLS: " + first_reason());
      tcp_.close();
      co_return error;
    }
    all = all.subspan(count);
    if (result == 1) {
      CO_TRY(co_await send_waiting(deadline));
      continue;
    }
    CO_TRY(const bool more, co_await feed(deadline));
    if (!more) co_return fail(ErrorKind::unreachable, tcp_.peer() + ": the connection has ended");
  }
  co_return Result<>{};
}

}  // namespace tocsin::net
