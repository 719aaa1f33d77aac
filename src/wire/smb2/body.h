// How the decoders of SMB2 bodies read: what they all have in common.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tocsin::smb2 {

/// The body of one message: its fixed part field by field, and the buffers that it points to.
class Body : public Reader {
 public:
  /// `size` is the StructureSize that the body must begin with; an odd one counts the first byte of
  /// the buffer. `name` is for errors.
  Body(BytesView message, std::uint16_t size, std::string_view name);

  /// The buffer that the fixed part points to; offsets count from the message's start. An empty
  /// buffer may lie anywhere.
  BytesView buffer(std::size_t offset, std::size_t length);
  /// malformed, naming the message and what is wrong with it.
  [[nodiscard]] Result<> finish() const;

 private:
  std::string_view name_;
  std::size_t fixed_end_;
  std::string_view wrong_;
};

}  // namespace tocsin::smb2
