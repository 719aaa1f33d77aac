#include "platform/authorities_linux.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "kit/scratch.h"

namespace tocsin::platform {
namespace {

void make(const std::filesystem::path& file) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << "-----BEGIN CERTIFICATE-----\n";
}

TEST(Authorities, AreFoundWhereEachSystemKeepsThem) {
  for (const std::string file :
       {"etc/ssl/certs/ca-certificates.crt", "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/ca-bundle.pem", "etc/ssl/cert.pem"}) {
    const kit::ScratchDirectory root;
    make(root.path() / file);
    EXPECT_EQ(find_system_authorities(root.path()), root.path() / file);
  }
}

TEST(Authorities, OfDebianComeBeforeALinkOfAnotherSystem) {
  const kit::ScratchDirectory root;
  make(root.path() / "etc/ssl/cert.pem");
  make(root.path() / "etc/ssl/certs/ca-certificates.crt");
  EXPECT_EQ(find_system_authorities(root.path()),
            root.path() / "etc/ssl/certs/ca-certificates.crt");
}

TEST(Authorities, MayBeMissing) {
  const kit::ScratchDirectory root;
  std::filesystem::create_directories(root.path() / "etc/ssl/cert.pem");  // no file
  EXPECT_EQ(find_system_authorities(root.path()), std::nullopt);
}

}  // namespace
}  // namespace tocsin::platform
