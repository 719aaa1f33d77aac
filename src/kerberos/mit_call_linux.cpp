#include "kerberos/mit_call.h"

#include <algorithm>

namespace tocsin::kerberos {
namespace {

void hear(krb5_context /*context*/, const krb5_trace_info* info, void* trail) {
  if (info != nullptr) read_trace(info->message, *static_cast<Trail*>(trail));
}

}  // namespace

Call::Call(Trail& trail) : trail_(trail) {
  krb5_context context = nullptr;
  if (krb5_init_context(&context) != 0) return;
  context_.reset(context);
  krb5_set_trace_callback(context, hear, &trail_);
  std::array<krb5_enctype, kAes.size() + 1> aes{};
  std::ranges::copy(kAes, aes.begin());
  krb5_set_default_tgs_enctypes(context, aes.data());
}

Call::~Call() {
  if (context_) krb5_set_trace_callback(context_.get(), nullptr, nullptr);
}

std::unexpected<Failure> Call::fail(krb5_error_code code) const {
  auto attempt = attempt_;
  attempt.no_kdc = trail_.describe(attempt.realm);
  return std::unexpected(failure_of(code, text(code), attempt));
}

std::string Call::text(krb5_error_code code) const {
  const char* said = krb5_get_error_message(context(), code);
  std::string text(said);
  krb5_free_error_message(context(), said);
  return text;
}

std::string Call::name_of(krb5_const_principal principal) const {
  char* text = nullptr;
  if (krb5_unparse_name(context(), principal, &text) != 0) return {};
  std::string name(text);
  krb5_free_unparsed_name(context(), text);
  return name;
}

}  // namespace tocsin::kerberos
