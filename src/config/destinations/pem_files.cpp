#include "config/destinations/pem_files.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/files.h"

namespace tocsin::config {
namespace {

/// How OpenSSL begins what it takes for a certificate.
constexpr std::array<std::string_view, 3> kCertificates = {"-----BEGIN CERTIFICATE-----",
                                                           "-----BEGIN TRUSTED CERTIFICATE-----",
                                                           "-----BEGIN X509 CERTIFICATE-----"};

/// What is wrong with the content, as what continues the name of the file.
std::optional<std::string_view> find_mistake_in_pem(std::string_view pem, PemFile what) {
  const auto has = [pem](std::string_view mark) { return pem.contains(mark); };
  if (what != PemFile::own_key && std::ranges::none_of(kCertificates, has))
    return "holds no certificate in PEM form";
  if (what == PemFile::own_key && !has("PRIVATE KEY-----"))
    return "holds no private key in PEM form";
  if (what != PemFile::authorities && has("ENCRYPTED"))
    return "is encrypted; tocsin cannot ask for the pass phrase";
  return std::nullopt;
}

}  // namespace

std::string pem_file_at(Section& section, std::string_view key, const PlacedText& written,
                        PemFile what) {
  auto path = section.file_at(written.place, key, written.text);
  section.reading().files_read.add(path);
  const auto pem = read_file(path, kMostPemBytes, Accept::regular_files);
  const auto report = [&](std::string_view mistake) {
    section.error(written.place,
                  fmt::format("`{}`: the file `{}` {}", key, printable(path), mistake));
  };
  if (!pem) {
    report(pem.error().what);
  } else if (const auto mistake = find_mistake_in_pem(*pem, what)) {
    report(*mistake);
  }
  return path;
}

std::optional<PlacedText> read_authorities(Section& section, std::string_view server) {
  const auto description = fmt::format(
      "PEM file with the authorities that may have signed the {}'s certificate.", server);
  return section.placed_text({.name = "certCA",
                              .description = description,
                              .example = "/etc/tocsin/ca.pem",
                              .otherwise = "the system's certificates"});
}

}  // namespace tocsin::config
