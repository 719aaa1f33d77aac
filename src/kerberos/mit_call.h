// One call of MIT's libkrb5. Each has a context of its own, which is what makes threads safe, and
// reads krb5.conf anew; what they share are caches in the memory of the process.
#pragma once

#include <array>
#include <krb5.h>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "kerberos/account.h"
#include "kerberos/mit_failure.h"
#include "kerberos/trail.h"

namespace tocsin::kerberos {

/// RC4 is gone from domains since 2026 (CVE-2026-20833), DES long before.
inline constexpr std::array<krb5_enctype, 4> kAes{
    ENCTYPE_AES256_CTS_HMAC_SHA1_96, ENCTYPE_AES128_CTS_HMAC_SHA1_96,
    ENCTYPE_AES256_CTS_HMAC_SHA384_192, ENCTYPE_AES128_CTS_HMAC_SHA256_128};

/// Frees what the library has made for a context.
template <auto kFree>
struct Free {
  krb5_context context;
  template <typename T>
  void operator()(T* held) const {
    kFree(context, held);
  }
};
template <typename T, auto kFree>
using Owned = std::unique_ptr<std::remove_pointer_t<T>, Free<kFree>>;
using Principal = Owned<krb5_principal, krb5_free_principal>;
using Cache = Owned<krb5_ccache, krb5_cc_close>;

inline std::string_view view(const krb5_data& data) { return {data.data, data.length}; }

/// A context, and what was attempted with it.
class Call {
 public:
  explicit Call(Trail& trail);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Null: krb5.conf cannot be read.
  [[nodiscard]] krb5_context context() const { return context_.get(); }
  [[nodiscard]] Attempt& attempt() { return attempt_; }

  [[nodiscard]] std::unexpected<Failure> fail(krb5_error_code code) const;
  [[nodiscard]] std::string text(krb5_error_code code) const;
  /// Calls one of the library's makers, whose last argument is where the result goes.
  template <typename Held, typename F>
  Outcome<Held> make(F maker) const {
    typename Held::pointer made = nullptr;
    if (const auto code = maker(&made); code != 0) return fail(code);
    return Held(made, {context()});
  }
  [[nodiscard]] std::string name_of(krb5_const_principal principal) const;

 private:
  std::unique_ptr<std::remove_pointer_t<krb5_context>, decltype(&krb5_free_context)> context_{
      nullptr, krb5_free_context};
  Trail& trail_;
  Attempt attempt_;
};

}  // namespace tocsin::kerberos
