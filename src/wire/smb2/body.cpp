#include "wire/smb2/body.h"

#include "wire/smb2/message.h"

namespace tocsin::smb2 {

Body::Body(BytesView message, std::uint16_t size, std::string_view name)
    : Reader(message), name_(name), fixed_end_(kHeaderSize + size - size % 2) {
  skip(kHeaderSize);
  if (u16() != size && ok()) wrong_ = "has a wrong structure size";
}

BytesView Body::buffer(std::size_t offset, std::size_t length) {
  if (!ok() || length == 0) return {};
  const auto part = slice(all(), offset, length);
  if (part && offset >= fixed_end_) return *part;
  wrong_ = "points outside of itself";
  return {};
}

Result<> Body::finish() const {
  if (wrong_.empty()) return Reader::finish(name_);
  return fail(ErrorKind::malformed, std::string(name_) + " " + std::string(wrong_));
}

}  // namespace tocsin::smb2
