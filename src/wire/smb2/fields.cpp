#include "wire/smb2/fields.h"

namespace tocsin::smb2 {

FieldReader::FieldReader(BytesView message, const Structure& structure)
    : Reader(message), end_(structure.end()), offset_(structure.end()) {
  skip(kHeaderSize);
  if (u16() != structure.size && ok()) wrong_ = "has a wrong structure size";
}

BytesView FieldReader::buffer() {
  if (!ok() || length_ == 0) return {};
  const auto part = slice(all(), offset_, length_);
  if (part && offset_ >= end_) return *part;
  wrong_ = "points outside of itself";
  return {};
}

Result<> FieldReader::finish(std::string_view name) const {
  if (wrong_.empty()) return Reader::finish(name);
  return fail(ErrorKind::malformed, std::string(name) + " " + std::string(wrong_));
}

FieldWriter::FieldWriter(Writer& out, const Structure& structure)
    : out_(out), start_(out.size() - kHeaderSize), end_(structure.end()) {
  out_.u16(structure.size);
}

void FieldWriter::write(BytesView field) {
  if (length_size_ == sizeof(std::uint32_t)) {
    out_.patch_u32(length_place_, static_cast<std::uint32_t>(field.size()));
  } else {
    out_.patch_u16(length_place_, static_cast<std::uint16_t>(field.size()));
  }
  out_.bytes(field);
}

}  // namespace tocsin::smb2
