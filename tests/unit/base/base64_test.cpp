#include "base/base64.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes) return std::nullopt;
  return std::string(bytes->begin(), bytes->end());
}

TEST(Base64, KnowsTheVectorsOfRfc4648) {
  for (const auto& [text, base64] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(as_bytes(text)), base64);
    EXPECT_EQ(decoded(base64), text);
    const std::string padded = base64;
    EXPECT_EQ(decoded(padded.substr(0, padded.find('='))), text) << "without padding";
  }
}

TEST(Base64, ComesBackAsItWas) {
  Bytes bytes;
  for (unsigned i = 0; i < 300; i++) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(i * 7));
  }
}

TEST(Base64, TakesNothingElse) {
  for (const auto* text : {"Z", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm9v=", "Zm9v====",
                           "Z g=", "Zm9v\n", "Zm-v", "Zm_v", "Zg==Zg==", "Zm\x80v", "Z==="})
    EXPECT_EQ(decoded(text), std::nullopt) << text;
}

}  // namespace
}  // namespace tocsin
