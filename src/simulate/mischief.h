// The ways in which a pretend host misbehaves on the wire, for tests of what must withstand it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/words.h"

namespace tocsin::simulate {

enum class Mischief : std::uint8_t {
  none,
  unsigned_replies,  ///< the signature stripped; such a host does not encrypt
  flipped,           ///< one bit of the last byte
  truncated,         ///< half of the message
  oversized,         ///< a frame that announces 16 MiB
  garbage,           ///< something that is not SMB
  replayed,          ///< the previous reply once more: rightly signed, of the wrong message id
  plain,             ///< not encrypted in an encrypted session
  dribbling,         ///< one byte a second
  silent,            ///< no reply at all
  slow,              ///< each reply `number` milliseconds late
  expiring,          ///< the session expires after every `number` requests
  misnumbered,       ///< the reply to a call bears the number of another one
  renaming,      ///< what users have of services has another name of 256 characters in each list
  push_lies,     ///< pushed changes say that what runs is stopped, and the other way round
  push_floods,   ///< there is always another hundred of them
  push_silent,   ///< none ever comes
  push_garbled,  ///< they are cut short
  push_lags,     ///< who registers is said to lag (1294)
};
consteval auto table_of(Mischief) {
  using enum Mischief;
  return std::array{Word{none, "none"},
                    Word{unsigned_replies, "unsigned"},
                    Word{flipped, "flipped"},
                    Word{truncated, "truncated"},
                    Word{oversized, "oversized"},
                    Word{garbage, "garbage"},
                    Word{replayed, "replayed"},
                    Word{plain, "plain"},
                    Word{dribbling, "dribbling"},
                    Word{silent, "silent"},
                    Word{slow, "slow"},
                    Word{expiring, "expiring"},
                    Word{misnumbered, "misnumbered"},
                    Word{renaming, "renaming"},
                    Word{push_lies, "push-lies"},
                    Word{push_floods, "push-floods"},
                    Word{push_silent, "push-silent"},
                    Word{push_garbled, "push-garbled"},
                    Word{push_lags, "push-lags"}};
}

struct Behaviour {
  Mischief mischief = Mischief::none;
  /// How many replies of a connection are right before it begins, of its calls where they are
  /// misnumbered, or how many pushed changes; but see slow and expiring.
  std::uint32_t number = 0;
};

/// "flipped", "silent:5", "slow:300", "expiring:10". invalid_config.
[[nodiscard]] Result<Behaviour> parse_behaviour(std::string_view text);

/// What goes over the wire in place of one reply.
struct Transmission {
  Bytes frame;                ///< with its length in front; nothing at all when empty
  Duration pause{};           ///< before it
  bool byte_by_byte = false;  ///< one each second
};

/// Spoils the replies of one connection.
class Spoiler {
 public:
  explicit Spoiler(Behaviour behaviour) : behaviour_(behaviour) {}

  [[nodiscard]] Transmission transmit(Bytes reply);
  /// Whether the session expires before the request that has come now.
  [[nodiscard]] bool expires();

 private:
  void spoil(Bytes& reply);

  Behaviour behaviour_;
  std::uint32_t replies_ = 0;
  std::uint32_t requests_ = 0;
  Bytes previous_;
};

}  // namespace tocsin::simulate
