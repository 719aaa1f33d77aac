#include "kit/certificates.h"

#include <fstream>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/path.h"

namespace tocsin::kit {
namespace {

constexpr long kDay = 24L * 60 * 60;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

void demand(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("OpenSSL refuses to ") + what);
}

struct Wish {
  const char* common_name;
  const char* subject_names;  ///< null: none
  const char* constraints;    ///< basicConstraints
  long begins;                ///< seconds from now
  long ends;
};

void extend(X509* certificate, X509* issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, what, value));
  demand(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "add an extension");
}

/// `issuer` null: signed by itself.
Certificate sign(const Wish& wish, EVP_PKEY* subject, X509* issuer, EVP_PKEY* issuer_key) {
  constexpr long kVersion3 = 2;
  Certificate made(X509_new());
  demand(made != nullptr, "make a certificate");
  std::uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_set_version(made.get(), kVersion3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.begins);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.ends);
  X509_set_pubkey(made.get(), subject);
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.common_name), -1, -1, 0);
  X509* signer = issuer != nullptr ? issuer : made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
  extend(made.get(), signer, NID_basic_constraints, wish.constraints);
  if (wish.subject_names != nullptr) {
    extend(made.get(), signer, NID_subject_alt_name, wish.subject_names);
  }
  demand(X509_sign(made.get(), issuer_key, EVP_sha256()) > 0, "sign a certificate");
  return made;
}

template <typename Write>
std::string pem(Write write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  demand(memory && write(memory.get()) == 1, "write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  demand(key != nullptr, "make a key");
  return key;
}

}  // namespace

struct CertificateAuthority::Signer {
  Key key;
  Certificate certificate;
};

CertificateAuthority::CertificateAuthority() : signer_(std::make_unique<Signer>()) {
  signer_->key = make_key();
  signer_->certificate = sign({.common_name = "tocsin test authority",
                               .subject_names = nullptr,
                               .constraints = "critical,CA:TRUE",
                               .begins = -kDay,
                               .ends = kDay},
                              signer_->key.get(), nullptr, signer_->key.get());
  std::ofstream(folder_.path() / "ca.pem") << pem_of(signer_->certificate.get());
}

CertificateAuthority::~CertificateAuthority() = default;

std::string CertificateAuthority::file() const { return to_utf8(folder_.path() / "ca.pem"); }

Identity CertificateAuthority::issue(ServerCertificate kind) const {
  const Key key = make_key();
  const bool elsewhere = kind == ServerCertificate::wrong_name;
  const Wish wish{
      .common_name = elsewhere ? "elsewhere.example" : "localhost",
      .subject_names = elsewhere ? "DNS:elsewhere.example" : "DNS:localhost,IP:127.0.0.1",
      .constraints = "critical,CA:FALSE",
      .begins = -2 * kDay,
      .ends = kind == ServerCertificate::expired ? -kDay : kDay};
  const Certificate certificate =
      sign(wish, key.get(), signer_->certificate.get(), signer_->key.get());
  return {.certificate = pem_of(certificate.get()),
          .private_key = pem([&](BIO* to) {
            return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace tocsin::kit
