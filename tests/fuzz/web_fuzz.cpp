// Requests as any client may send them, in pieces of any size.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "web/access.h"
#include "web/http.h"
#include "web/input.h"

using namespace tocsin;

namespace {

/// Nobody acts without the token, and nobody is a user without the right name and password.
void check_access(const web::Access& access, const web::Request& request) {
  if (access.admit(request, "127.0.0.1", web::Role::act) &&
      request.header("authorization") != "Bearer token")
    std::abort();
  // What the loop may do with a password: a name that cannot be one of ours never comes so far.
  const auto login = access.password_to_check(request);
  if (!login) return;
  if (login->user.contains(':') || login->user.contains('\n')) std::abort();
  const auto answer =
      login->password.reveal() == "pass"
          ? web::PasswordAnswer{.verdict = web::PasswordAnswer::Verdict::right, .user = login->user}
          : web::PasswordAnswer{};
  const auto visitor = access.admit(request, "127.0.0.1", web::Role::none, answer);
  if (visitor && (visitor->name != "user" || login->user != "user")) std::abort();
}

void read_input(const web::Call& call) {
  web::Query query(call);
  (void)query.time("from");
  (void)query.number("limit", 1, 1000, 100);
  (void)query.cursor("next");
  web::Body body(call);
  (void)body.text("scope", 1, 512);
  (void)body.time("end");
  body.finish();
  (void)query.mistake();
  (void)body.mistake();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{1} + data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const web::Access access({.users = {{.name = "user"}}}, Secret("token"));
  web::RequestReader reader;
  while (!rest.empty()) {
    reader.add(rest.substr(0, piece));
    rest.remove_prefix(std::min(piece, rest.size()));
    for (;;) {
      const auto request = reader.next();
      if (!request) return 0;
      if (!*request) break;
      check_access(access, **request);
      read_input({.request = **request});
    }
  }
  return 0;
}
