#include "wire/gzip.h"

#include <algorithm>
#include <array>
#include <new>
#include <zlib.h>

namespace tocsin {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;  // zlib.h: 16 more than the window's bits mean gzip
constexpr int kMemory = 8;             // zlib's default

/// zlib takes what it reads as not const, and leaves it alone.
Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

std::string gzip(std::string_view text, Packing packing) {
  z_stream stream{};
  const int level = packing == Packing::fast ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = bytes_of(text);
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // in one call: deflateBound() is enough for it
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Result<std::string> gunzip(std::string_view compressed, std::size_t most) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) throw std::bad_alloc();
  stream.next_in = bytes_of(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out;
  std::array<char, 16384> part{};
  int state = Z_OK;
  while (state == Z_OK && out.size() <= most) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(part.data(), part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > most) return fail(ErrorKind::malformed, "the gzip holds more than is allowed");
  if (state != Z_STREAM_END) return fail(ErrorKind::malformed, "the gzip is damaged or cut short");
  return out;
}

}  // namespace tocsin
