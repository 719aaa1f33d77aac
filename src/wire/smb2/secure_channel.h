// What protects the messages of a session: keys, signatures, encryption ([MS-SMB2] 3.1.4, 3.1.5).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/random.h"
#include "wire/crypto.h"
#include "wire/smb2/dialect.h"

namespace tocsin::smb2 {

/// SMB2 TRANSFORM_HEADER, 2.2.41: what stands before a sealed message.
inline constexpr std::size_t kTransformSize = 52;

/// The first four bytes tell what a message is.
enum class MessageForm : std::uint8_t { plain, sealed, compressed, smb1, unknown };
[[nodiscard]] MessageForm form_of(BytesView message);

/// 3.1.1: a hash over all messages up to the keys, which go wrong if one was changed.
class PreauthHash {
 public:
  void add(BytesView message) { value_ = crypto::sha512({value_, message}); }
  [[nodiscard]] const crypto::Digest64& value() const { return value_; }

 private:
  crypto::Digest64 value_{};
};

struct SessionKeys {
  std::array<std::uint8_t, 16> signing{};
  Bytes client_to_server{};  ///< empty without a cipher
  Bytes server_to_client{};
};

/// 3.2.5.3.1. `session_key` as the authentication made it: its first 16 bytes (padded with zeros)
/// are what the specification calls Session.SessionKey; AES-256 keys derive from all of it.
[[nodiscard]] SessionKeys derive_keys(const Negotiated& negotiated, BytesView session_key,
                                      const PreauthHash& preauth);

/// Which end of the connection somebody is.
enum class Role : std::uint8_t { client, server };

/// One end of one session. Everything happens in place; nothing but keys is kept.
class SecureChannel {
 public:
  /// Not established: it can neither sign nor seal.
  SecureChannel() = default;
  SecureChannel(Role role, const Negotiated& negotiated, std::uint64_t session_id, SessionKeys keys,
                const RandomFill& random);

  [[nodiscard]] bool established() const { return established_; }
  [[nodiscard]] bool can_seal() const { return negotiated_.cipher != crypto::Cipher::none; }

  /// Sets the flag and the signature of a whole SMB2 message.
  void sign(std::span<std::uint8_t> message) const;
  /// Whether the signature is the other end's; zeroes it.
  [[nodiscard]] bool verify(std::span<std::uint8_t> message) const;

  /// `room` is a message behind kTransformSize free bytes; afterwards it is the sealed message.
  void seal(std::span<std::uint8_t> room);
  /// Decrypts what stands behind the transform header. malformed: cut short, another session, or
  /// not encrypted by the other end.
  [[nodiscard]] Result<> open(std::span<std::uint8_t> sealed) const;

 private:
  [[nodiscard]] crypto::Tag16 signature(BytesView message, Role sender) const;

  Negotiated negotiated_{};
  Role role_ = Role::client;
  bool established_ = false;
  std::uint64_t session_id_ = 0;
  // A nonce must never repeat under one key: counted, and begun at random in its upper bytes, so
  // that not even a server which hands out the same key twice makes it repeat.
  std::uint64_t sealed_count_ = 0;
  std::array<std::uint8_t, 4> nonce_prefix_{};
  SessionKeys keys_{};
};

}  // namespace tocsin::smb2
