// What the reader of a section says of a key.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/file/findings.h"
#include "config/section/known_key.h"
#include "config/section/spelling.h"

namespace tocsin::config {

/// What Butler may have in a section besides what we know.
enum class Shared : std::uint8_t {
  nothing,
  features,  ///< what is called like one of its other features: `reloadTaskFailure`
  all,       ///< anything
};

enum class Need : std::uint8_t { optional, required };

/// A key and all that is said about it. The default is what the variable holds before it is read.
struct Key {
  std::string_view name;
  Writing writing = Writing::name;  ///< of a text: which characters it may have
  std::string_view description;
  Need need = Need::optional;
  std::string_view example = {};
  std::string_view otherwise = {};  ///< the default in words, where the variable does not have it
  /// An older name of the key, which files may still use.
  std::string_view alias = {};
  /// The keys that take its place: who reads them sees to it that one of all is there.
  std::vector<std::string_view> alternatives = {};
  /// Of a section or list: the path of another with the same keys. They stand in the reference
  /// only there, and what is absent is not read.
  std::string_view same_as = {};
  bool is_secret = false;  ///< a text that opens doors: a URL with a token, a header's value
  /// A sentence for those who know Butler: what is different here. At most
  /// kLongestDifference.
  std::string_view differs = {};
  /// Of a list of sections: a section of its name is a feature of Butler that we do not have.
  bool is_section_of_butler = false;
  /// Of a list of sections: the key that an entry is meant by that is a text.
  std::string_view entry_key = {};
  /// Of a section: the destination that it configures, for people: "Slack". See Section::error().
  std::string_view destination = {};
  /// Of a section: `true` or `false` in its place, for those who need none of its keys.
  bool may_be_boolean = false;
};

/// The description of a password.
inline constexpr std::string_view kPasswordInWords =
    "Password. Prefer a reference such as `${env:NAME}` to plain text.";

/// A line of a terminal is not endless.
inline constexpr std::size_t kLongestDifference = 190;

/// Durations in [least, most].
struct DurationRange {
  Duration least;
  Duration most;
};

/// A text and where it stands.
struct PlacedText {
  std::string text;
  Place place;
  /// Of its first byte, from the place on; nothing when the file holds another text for it.
  std::optional<int> offset = {};

  /// Where one of its bytes stands, 0-based; its beginning where that is not known.
  [[nodiscard]] Place at(std::size_t byte) const;
};

template <typename E>
struct Choice {
  std::string_view name;
  E value;
};

/// What a value may be, for those who ask what keys there are.
struct Allowed {
  std::span<const std::string_view> choices = {};
  bool list = false;  ///< of choices: several too
  std::optional<Range> range = {};
};

/// Continues the name of a key, such as "must not be empty"; nothing when the text is right.
using Check = std::optional<std::string> (*)(const std::string& text);

[[nodiscard]] std::optional<std::string> must_not_be_empty(const std::string& text);

/// Says in a sentence what is wrong with an entry of a list; nothing when it is right.
using EntryCheck = std::function<std::optional<std::string>(const PlacedText& entry)>;

}  // namespace tocsin::config
