#include "kit/mqtt_imposter.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "kit/listener.h"

namespace tocsin::kit {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

// MQTT 5, 2.1.2
constexpr int kConnect = 1;
constexpr int kPublish = 3;
constexpr int kPubRel = 6;
constexpr int kPingReq = 12;
constexpr int kDisconnect = 14;
constexpr int kVersion5 = 5;

/// The fields of a packet from its beginning; beyond its end all is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::string_view take(std::size_t size) {
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::uint8_t byte() {
    const auto taken = take(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
  }
  std::size_t number() {
    const std::size_t high = byte();
    return high << 8 | byte();
  }
  std::string text() { return std::string(take(number())); }
  void skip_properties() { take(byte()); }  // ours are short
  std::string rest() { return std::string(take(bytes_.size())); }

 private:
  std::string_view bytes_;
};

struct Packet {
  std::uint8_t head = 0;
  std::string body;
  [[nodiscard]] int kind() const { return head >> 4; }
};

std::string with_number(std::size_t number) {
  return {static_cast<char>(number >> 8 & 0xFF), static_cast<char>(number & 0xFF)};
}

std::string packet(std::uint8_t head, const std::string& body) {
  return std::string{static_cast<char>(head), static_cast<char>(body.size())} + body;
}

}  // namespace

struct MqttImposter::Server {
  explicit Server(Terms said) : terms(said) {}

  struct Session {
    tcp::socket socket;
    std::size_t number;
    int version = 4;
    std::size_t unanswered = 0;
  };

  static awaitable<Packet> read(Session& session) {
    Packet packet;
    std::uint8_t byte = 0;
    co_await asio::async_read(session.socket, asio::buffer(&packet.head, 1), use_awaitable);
    std::size_t size = 0;
    for (int shift = 0;; shift += 7) {
      co_await asio::async_read(session.socket, asio::buffer(&byte, 1), use_awaitable);
      size |= static_cast<std::size_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) break;
    }
    packet.body.resize(size);
    co_await asio::async_read(session.socket, asio::buffer(packet.body), use_awaitable);
    co_return packet;
  }

  static awaitable<void> write(Session& session, std::string bytes) {
    co_await asio::async_write(session.socket, asio::buffer(bytes), use_awaitable);
  }

  /// Returning closes the connection.
  awaitable<void> serve(Session session) {
    for (bool open = true; open;) {
      const Packet packet = co_await read(session);
      switch (packet.kind()) {
        case kConnect:
          open = co_await connect(session, packet);
          break;
        case kPublish:
          open = co_await publish(session, packet);
          break;
        case kPubRel:
          session.unanswered--;
          co_await write(session, kit::packet(0x70, packet.body.substr(0, 2)));
          break;
        case kPingReq:
          co_await write(session, {'\xD0', '\0'});
          break;
        case kDisconnect: {
          const std::scoped_lock lock(shared.mutex);
          goodbyes++;
          shared.changed.notify_all();
          open = false;
          break;
        }
        default:
          open = false;
      }
    }
  }

  awaitable<bool> connect(Session& session, const Packet& packet) {
    Reader reader(packet.body);
    MqttConnect connect;
    reader.text();  // MQTT
    connect.version = session.version = reader.byte();
    const auto flags = reader.byte();
    connect.clean = (flags & 0x02) != 0;
    connect.keep_alive = static_cast<int>(reader.number());
    if (session.version == kVersion5) reader.skip_properties();
    connect.client_id = reader.text();
    if ((flags & 0x04) != 0) {
      if (session.version == kVersion5) reader.skip_properties();
      connect.will_topic = reader.text();
      connect.will = reader.text();
      connect.will_retained = (flags & 0x20) != 0;
    }
    if ((flags & 0x80) != 0) connect.username = reader.text();
    if ((flags & 0x40) != 0) connect.password = reader.text();
    MqttReaction reaction;
    {
      const std::scoped_lock lock(shared.mutex);
      connects.push_back(connect);
      if (reacts_to_connect) reaction = reacts_to_connect(connect);
      shared.changed.notify_all();
    }
    const std::string code(1, static_cast<char>(reaction.code));
    const auto answer = session.version == kVersion5 ? '\0' + code + properties() : '\0' + code;
    co_return co_await react(session, reaction, kit::packet(0x20, answer)) && reaction.code == 0;
  }

  [[nodiscard]] std::string properties() const {
    std::string said;
    if (terms.receive_maximum > 0) said += '\x21' + with_number(terms.receive_maximum);
    if (terms.maximum_packet_size > 0) {
      said += '\x27' + with_number(terms.maximum_packet_size >> 16) +
              with_number(terms.maximum_packet_size);
    }
    return static_cast<char>(said.size()) + said;
  }

  awaitable<bool> publish(Session& session, const Packet& packet) {
    Reader reader(packet.body);
    MqttPublished message;
    message.qos = packet.head >> 1 & 3;
    message.retain = (packet.head & 1) != 0;
    message.repeated = (packet.head & 8) != 0;
    message.connection = session.number;
    message.topic = reader.text();
    const auto number = message.qos > 0 ? reader.number() : 0;
    if (session.version == kVersion5) reader.skip_properties();
    message.payload = reader.rest();
    MqttReaction reaction;
    {
      const std::scoped_lock lock(shared.mutex);
      published.push_back(message);
      if (message.qos > 0) most_unanswered = std::max(most_unanswered, ++session.unanswered);
      if (reacts_to_publish) reaction = reacts_to_publish(message);
      shared.changed.notify_all();
    }
    std::string answer = with_number(number);
    if (reaction.code != 0) answer += static_cast<char>(reaction.code);
    const auto head = static_cast<std::uint8_t>(message.qos == 2 ? 0x50 : 0x40);
    if (message.qos == 0 && reaction.what == MqttReaction::Do::accept) co_return true;
    if (reaction.what == MqttReaction::Do::accept && (message.qos == 1 || reaction.code >= 0x80))
      session.unanswered--;
    co_return co_await react(session, reaction, kit::packet(head, answer));
  }

  /// Whether the connection stays open.
  static awaitable<bool> react(Session& session, MqttReaction reaction, std::string answer) {
    switch (reaction.what) {
      case MqttReaction::Do::accept:
        co_await write(session, std::move(answer));
        co_return true;
      case MqttReaction::Do::nothing:
        co_return true;
      case MqttReaction::Do::accept_and_close:
        co_await write(session, std::move(answer));
        co_return false;
      case MqttReaction::Do::close:
        co_return false;
      case MqttReaction::Do::answer_in_311:
        co_await write(session, kit::packet(0x20, {'\0', static_cast<char>(reaction.code)}));
        co_return false;
      case MqttReaction::Do::garbage:
        co_await write(session, "HTTP/1.1 400 Bad Request\r\n\r\n" + std::string(200, '\x01'));
        co_return true;
      case MqttReaction::Do::leave:
        co_await write(session, kit::packet(0xE0, std::string{static_cast<char>(reaction.code)}));
        co_return false;
    }
    co_return false;
  }

  const Terms terms;

  Shared shared;
  std::function<MqttReaction(const MqttConnect&)> reacts_to_connect;
  std::function<MqttReaction(const MqttPublished&)> reacts_to_publish;
  std::vector<MqttConnect> connects;
  std::vector<MqttPublished> published;
  std::size_t goodbyes = 0;
  std::size_t most_unanswered = 0;

  Listener listener{[this](tcp::socket socket, std::size_t connection) {
    return serve({.socket = std::move(socket), .number = connection});
  }};
};

MqttImposter::MqttImposter(Terms terms) : server_(std::make_unique<Server>(terms)) {}
MqttImposter::~MqttImposter() = default;

std::uint16_t MqttImposter::port() const { return server_->listener.port(); }

void MqttImposter::on_connect(std::function<MqttReaction(const MqttConnect&)> react) {
  const std::scoped_lock lock(server_->shared.mutex);
  server_->reacts_to_connect = std::move(react);
}

void MqttImposter::on_publish(std::function<MqttReaction(const MqttPublished&)> react) {
  const std::scoped_lock lock(server_->shared.mutex);
  server_->reacts_to_publish = std::move(react);
}

std::vector<MqttConnect> MqttImposter::connects() const {
  return server_->shared.copy(server_->connects);
}

std::vector<MqttPublished> MqttImposter::published() const {
  return server_->shared.copy(server_->published);
}

std::size_t MqttImposter::most_unanswered() const {
  return server_->shared.copy(server_->most_unanswered);
}

bool MqttImposter::wait_for_published(std::size_t count) const {
  return server_->shared.wait_until([&] { return server_->published.size() >= count; });
}

bool MqttImposter::wait_for_connects(std::size_t count) const {
  return server_->shared.wait_until([&] { return server_->connects.size() >= count; });
}

bool MqttImposter::wait_for_goodbyes(std::size_t count) const {
  return server_->shared.wait_until([&] { return server_->goodbyes >= count; });
}

}  // namespace tocsin::kit
