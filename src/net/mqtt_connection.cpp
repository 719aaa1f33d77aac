#include "net/mqtt_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mqtt_protocol.h>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <boost/asio/detail/socket_types.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/try.h"
#include "net/late_mosquitto.h"
#include "net/mqtt_inspection.h"

namespace tocsin::net {
namespace {

constexpr int kFirstFailure = 0x80;  // MQTT 5, 2.4: the reason codes from here on
constexpr int kBadLoginIn311 = 4;    // MQTT 3.1.1, 3.2.2.3
constexpr int kNotAuthorizedIn311 = 5;
constexpr std::chrono::seconds kTick{1};
/// More than a broker sends at once in answer to what may be in flight.
constexpr std::size_t kMostInspected = 4096;

/// Once a process and never undone: the count of libmosquitto is not safe between threads, and its
/// cleanup takes OpenSSL's modules away from everybody.
void start_library() {
  static const int started = mosquitto_lib_init();
  static_cast<void>(started);
}

/// As far as was tried: 2.0.11 does, 2.0.21 does not.
bool aborts_on_unknown_properties() {
  int major = 0;
  int minor = 0;
  int revision = 0;
  mosquitto_lib_version(&major, &minor, &revision);
  return std::tuple(major, minor, revision) < std::tuple(2, 0, 21);
}

SSL* tls_of(mosquitto* session) { return static_cast<SSL*>(mosquitto_ssl_get(session)); }

/// What a broker says of one message, in the words of MQTT 5 and as what it means for the message.
Error describe_reason(int reason) {
  const auto kind = [reason] {
    switch (reason) {
      case MQTT_RC_NOT_AUTHORIZED:
      case MQTT_RC_TOPIC_NAME_INVALID:
      case MQTT_RC_PACKET_TOO_LARGE:
      case MQTT_RC_PAYLOAD_FORMAT_INVALID:
      case MQTT_RC_RETAIN_NOT_SUPPORTED:
      case MQTT_RC_QOS_NOT_SUPPORTED:
        return ErrorKind::rejected;
      case MQTT_RC_SERVER_BUSY:
      case MQTT_RC_MESSAGE_RATE_TOO_HIGH:
      case MQTT_RC_QUOTA_EXCEEDED:
      case MQTT_RC_RECEIVE_MAXIMUM_EXCEEDED:
        return ErrorKind::rate_limited;
      default:
        return ErrorKind::unreachable;
    }
  }();
  std::string words = mosquitto_reason_string(reason);
  if (words.starts_with("Unknown")) words = "reason " + std::to_string(reason);
  if (words.ends_with('.')) words.pop_back();
  return {kind, "the broker refuses the message: " + words, static_cast<std::uint32_t>(reason)};
}

/// What libmosquitto does not even send.
Error describe_unsent(int code) {
  switch (code) {
    case MOSQ_ERR_OVERSIZE_PACKET:
    case MOSQ_ERR_PAYLOAD_SIZE:
      return {ErrorKind::rejected, "the message is larger than the broker accepts", {}};
    case MOSQ_ERR_QOS_NOT_SUPPORTED:
      return {ErrorKind::rejected, "the broker does not support this QoS", {}};
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_INVAL:
      return {ErrorKind::rejected, "this is not a topic that can be published to", {}};
    default:
      return {ErrorKind::unreachable, "the connection to the broker was lost", {}};
  }
}

/// OpenSSL keeps errors for each thread, and would take those of another connection for this one's.
void forget_tls_errors() { ERR_clear_error(); }

/// The end of "OpenSSL Error[0]: error:0A000410:SSL routines::sslv3 alert handshake failure".
std::string reason_in(std::string_view line) {
  const auto colon = line.rfind(':');
  return std::string(colon == std::string_view::npos ? line : line.substr(colon + 1));
}

}  // namespace

struct MqttConnection::Callbacks {
  static MqttConnection& of(void* object) { return *static_cast<MqttConnection*>(object); }

  static void connected(mosquitto*, void* object, int reason, int,
                        const mosquitto_property* properties) {
    auto& self = of(object);
    if (reason != 0) {
      self.refusal_ = reason;
      return;
    }
    self.accepted_ = true;
    std::uint16_t most = UINT16_MAX;
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &most, false);
    self.events_.accepted = Accepted{.most_in_flight = std::max<std::uint16_t>(most, 1)};
  }

  static void disconnected(mosquitto*, void* object, int reason, const mosquitto_property*) {
    if (reason >= kFirstFailure) of(object).last_words_ = reason;
  }

  static void published(mosquitto*, void* object, int packet, int reason,
                        const mosquitto_property*) {
    auto& self = of(object);
    Acknowledgement done{.packet = packet, .what = ""};
    if (reason >= kFirstFailure) {
      done.what = std::unexpected(describe_reason(reason));
    } else if (reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS) {
      done.what = "nobody subscribes";
    }
    self.events_.acknowledged.push_back(std::move(done));
  }

  static void logged(mosquitto*, void* object, int, const char* text) {
    const std::string_view line(text);
    // Newer ones also tell what the system says: that a connection was reset is no matter of TLS.
    if (line.starts_with("OpenSSL") && !line.contains(":system library:"))
      of(object).note_tls_trouble(reason_in(line));
  }
};

MqttConnection::MqttConnection(const MqttSettings& settings, const std::string& address, Will will)
    : settings_(settings),
      peer_(settings.host + ":" + std::to_string(settings.port)),
      session_(nullptr, mosquitto_destroy),
      next_tick_(Clock::now() + kTick) {
  start_library();
  session_.reset(mosquitto_new(settings.client_id.c_str(), settings.clean_session, this));
  if (session_ == nullptr) {
    end({ErrorKind::unsupported, "the client id cannot be used", {}});
  } else if (auto prepared = prepare(will); !prepared) {
    end(std::move(prepared).error());
  } else {
    begin(address);
  }
}

MqttConnection::~MqttConnection() = default;

Result<> MqttConnection::prepare(Will will) {
  auto* session = session_.get();
  mosquitto_connect_v5_callback_set(session, Callbacks::connected);
  mosquitto_disconnect_v5_callback_set(session, Callbacks::disconnected);
  mosquitto_publish_v5_callback_set(session, Callbacks::published);
  mosquitto_log_callback_set(session, Callbacks::logged);
  mosquitto_int_option(session, MOSQ_OPT_PROTOCOL_VERSION, static_cast<int>(settings_.version));
  mosquitto_int_option(session, MOSQ_OPT_SEND_MAXIMUM, settings_.most_in_flight);
  mosquitto_int_option(session, MOSQ_OPT_TCP_NODELAY, 1);
  if (!settings_.username.empty()) {
    const auto& password = settings_.password.reveal();
    mosquitto_username_pw_set(session, settings_.username.c_str(),
                              password.empty() ? nullptr : password.c_str());
  }
  if (const auto& presence = settings_.presence; will == Will::lost) {
    mosquitto_will_set(session, presence.topic.c_str(), static_cast<int>(presence.lost.size()),
                       presence.lost.data(), 1, presence.retain);
  }
  if (!settings_.tls.enabled) return {};
  TRY(auto tls, MqttTlsContext::make(settings_.tls, settings_.host));
  tls_ = std::move(tls);
  mosquitto_void_option(session, MOSQ_OPT_SSL_CTX, tls_->get());
  mosquitto_int_option(session, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
  return {};
}

void MqttConnection::begin(const std::string& address) {
  forget_tls_errors();
  const int begun = mosquitto_connect_async(session_.get(), address.c_str(), settings_.port,
                                            static_cast<int>(settings_.keep_alive.count()));
  if (begun == MOSQ_ERR_SUCCESS) return;
  const std::error_code system(errno, std::system_category());
  // A handshake that fails at once has a number too, which says less than its own words.
  const bool in_handshake = system.value() == EPROTO || system.value() == ECONNRESET;
  const bool by_system = begun == MOSQ_ERR_ERRNO && !in_handshake;
  end(by_system ? Error{ErrorKind::unreachable, system.message(), {}} : describe(begun));
}

Result<int> MqttConnection::publish(const MqttMessage& message) {
  forget_tls_errors();
  int packet = 0;
  const int code = mosquitto_publish(
      session_.get(), &packet, message.topic.c_str(), static_cast<int>(message.payload.size()),
      message.payload.data(), static_cast<int>(message.qos), message.retain);
  if (code == MOSQ_ERR_SUCCESS) return packet;
  auto error = describe_unsent(code);
  if (error.kind == ErrorKind::unreachable) end(code);
  return std::unexpected(std::move(error));
}

void MqttConnection::disconnect() { mosquitto_disconnect(session_.get()); }

/// A peer that only closes the connection has no trouble with TLS.
void MqttConnection::note_tls_trouble(std::string reason) {
  if (tls_trouble_.empty() && !reason.starts_with("unexpected eof"))
    tls_trouble_ = std::move(reason);
}

bool MqttConnection::in_handshake() const {
  const auto* tls = tls_of(session_.get());
  return tls != nullptr && SSL_is_init_finished(tls) == 0;
}

std::optional<Poller::Wish> MqttConnection::waits() const {
  if (ended_ || mosquitto_socket(session_.get()) < 0) return std::nullopt;
  Poller::Wish waits{
      .socket = mosquitto_socket(session_.get()), .readable = true, .writable = false};
  if (!open_) {
    waits.writable = true;
  } else if (in_handshake()) {
    // Libmosquitto's own wish is not taken back once TLS has wished to write.
    waits.writable = SSL_want_write(tls_of(session_.get()));
    waits.readable = !waits.writable;
  } else {
    waits.writable = mosquitto_want_write(session_.get());
  }
  return waits;
}

/// Whether TCP has connected; libmosquitto would not tell why not.
bool MqttConnection::check_socket() {
  int error = 0;
  socklen_t size = sizeof error;
  const auto socket =
      static_cast<boost::asio::detail::socket_type>(mosquitto_socket(session_.get()));
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &size);
  open_ = error == 0;
  if (!open_) {
    const std::error_code system(error, std::system_category());
    end({ErrorKind::unreachable, system.message(), static_cast<std::uint32_t>(error)});
  }
  return open_;
}

void MqttConnection::drive(Poller::Ready ready) {
  if (ended_) return;
  if (!open_ && (!(ready.readable || ready.writable) || !check_socket())) return;
  int code = drive_session(ready);
  if (code == MOSQ_ERR_SUCCESS && Clock::now() >= next_tick_) {
    next_tick_ = Clock::now() + kTick;
    code = mosquitto_loop_misc(session_.get());
  }
  if (code != MOSQ_ERR_SUCCESS || mosquitto_socket(session_.get()) < 0) end(code);
}

int MqttConnection::drive_session(Poller::Ready ready) {
  forget_tls_errors();
  auto* session = session_.get();
  int code = MOSQ_ERR_SUCCESS;
  if (in_handshake()) {
    if (ready.readable || ready.writable) code = mosquitto_loop_read(session, 1);
    return code;
  }
  if (ready.readable) code = read();
  if (ready.writable && code == MOSQ_ERR_SUCCESS && mosquitto_socket(session) >= 0)
    code = mosquitto_loop_write(session, 1);
  return code;
}

/// Not before what is there was looked at (mqtt_inspection.h).
int MqttConnection::read() {
  auto* session = session_.get();
  if (settings_.version == MqttVersion::v5) {
    std::array<char, kMostInspected> bytes;
    std::ptrdiff_t size = 0;
    if (auto* tls = tls_of(session); tls != nullptr) {
      ERR_clear_error();
      size = SSL_peek(tls, bytes.data(), static_cast<int>(bytes.size()));
      const auto* trouble = ERR_reason_error_string(ERR_peek_last_error());
      if (size <= 0 && trouble != nullptr) note_tls_trouble(trouble);
    } else {
      const auto socket = static_cast<boost::asio::detail::socket_type>(mosquitto_socket(session));
      size = ::recv(socket, bytes.data(), bytes.size(), MSG_PEEK);
    }
    const std::string_view seen(bytes.data(),
                                static_cast<std::size_t>(std::max<std::ptrdiff_t>(size, 0)));
    if (!accepted_ && is_connack_of_mqtt311(seen)) {
      lacks_v5_ = true;
      return MOSQ_ERR_PROTOCOL;
    }
    if (aborts_on_unknown_properties() && !is_plausible_mqtt5(seen))
      return MOSQ_ERR_MALFORMED_PACKET;
  }
  return mosquitto_loop_read(session, 1);
}

MqttConnection::Events MqttConnection::take_events() { return std::exchange(events_, {}); }

void MqttConnection::end(int code) {
  const bool hung_up = code == MOSQ_ERR_CONN_LOST || code == MOSQ_ERR_ERRNO;
  if (last_words_ == MQTT_RC_SESSION_TAKEN_OVER) {
    events_.how = MqttEnd::taken_over;
  } else if (hung_up && accepted_ && last_words_ == 0 && tls_trouble_.empty()) {
    events_.how = MqttEnd::unexplained;
  }
  end(describe(code));
}

void MqttConnection::end(Error error) {
  if (std::exchange(ended_, true)) return;
  if (refusal_) {
    events_.refused = Refused{.not_authorized = *refusal_ == MQTT_RC_NOT_AUTHORIZED ||
                                                *refusal_ == kNotAuthorizedIn311};
  }
  events_.ended = std::move(error).in(peer_);
}

/// Without a user there is no account that the broker could refuse.
bool MqttConnection::refuses_login() const {
  if (!refusal_ || settings_.username.empty()) return false;
  if (settings_.version == MqttVersion::v3_1_1)
    return *refusal_ == kBadLoginIn311 || *refusal_ == kNotAuthorizedIn311;
  return *refusal_ == MQTT_RC_BAD_USERNAME_OR_PASSWORD || *refusal_ == MQTT_RC_NOT_AUTHORIZED;
}

/// Why a connection has ended, in the order of what says most.
Error MqttConnection::describe(int code) const {
  if (lacks_v5_ || refusal_ == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION)
    return {ErrorKind::unsupported,
            "the broker does not speak MQTT 5: `protocolVersion` must be 3.1.1",
            {}};
  if (refusal_) {
    const bool by_311 = settings_.version == MqttVersion::v3_1_1;
    std::string words =
        by_311 ? mosquitto_connack_string(*refusal_) : mosquitto_reason_string(*refusal_);
    constexpr std::string_view kPrefix = "Connection Refused: ";
    if (words.starts_with(kPrefix)) words.erase(0, kPrefix.size());
    if (words.ends_with('.')) words.pop_back();
    return {refuses_login() ? ErrorKind::login_refused : ErrorKind::denied,
            "the broker refuses the connection: " + words, static_cast<std::uint32_t>(*refusal_)};
  }
  if (last_words_ != 0) {
    std::string words = mosquitto_reason_string(last_words_);
    if (last_words_ == MQTT_RC_SESSION_TAKEN_OVER)
      words += " (another program uses the same client id)";
    return {ErrorKind::unreachable, "the broker closed the connection: " + words,
            static_cast<std::uint32_t>(last_words_)};
  }
  if (tls_ && !tls_->certificate_problem().empty())
    return {
        ErrorKind::denied, "the certificate was not accepted: " + tls_->certificate_problem(), {}};
  if (!tls_trouble_.empty()) return {ErrorKind::unreachable, "TLS failed: " + tls_trouble_, {}};
  switch (code) {
    case MOSQ_ERR_TLS:
      return {ErrorKind::unreachable, "TLS failed", {}};
    case MOSQ_ERR_KEEPALIVE:
      return {ErrorKind::timed_out, "the broker does not answer keep-alives", {}};
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_DUPLICATE_PROPERTY:
      return {ErrorKind::malformed, "the answer is not MQTT", {}};
    default:
      break;
  }
  if (accepted_) return {ErrorKind::unreachable, "the broker closed the connection", {}};
  // Its own words about that are often lost: it hangs up right behind them.
  std::string what = "the broker closed the connection before it had accepted it";
  if (settings_.tls.enabled && settings_.tls.certificate_file.empty())
    what += ": it may want a client certificate";
  if (settings_.version == MqttVersion::v5)
    what += "; it may speak MQTT 3.1.1 only (`protocolVersion`)";
  return {ErrorKind::unreachable, std::move(what), {}};
}

}  // namespace tocsin::net
