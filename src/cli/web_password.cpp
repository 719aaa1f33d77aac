// `web-password`: a password becomes an entry of `web.users`.
#include <fmt/format.h>

#include "base/text.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "config/web.h"
#include "platform/password_prompt.h"
#include "platform/process.h"
#include "web/passwords.h"

namespace tocsin::cli {
namespace {

/// Twice where it is typed, since nobody sees what they type.
Result<Secret> ask(const std::string& name) {
  TRY(auto password, platform::ask_password(name));
  if (!web::can_be_sent(password))
    return fail(ErrorKind::rejected,
                "browsers cannot send this password: it must be UTF-8 without control characters");
  if (!platform::is_typed()) return password;
  TRY(const auto again, platform::ask_password(name + ", again"));
  if (again != password) return fail(ErrorKind::rejected, "the two passwords differ: try again");
  return password;
}

/// In single quotes of YAML.
std::string quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

}  // namespace

int web_password(const WebPasswordOptions& options) {
  if (const auto mistake = config::find_mistake_in_user(options.name))
    return failed("the name " + *mistake);
  const auto password = ask(options.name);
  if (!password) return failed(password.error().what);
  const auto hash = web::hash_password(*password, platform::system_random());
  if (!hash) return failed("this machine lacks the memory to hash a password");
  fmt::print(
      "In the configuration:\n\n  web:\n    users:\n      - name: {}\n        passwordHash: {}\n"
      "        role: {}\n",
      quoted(options.name), quoted(hash->to_text()), options.role);
  return kExitOk;
}

}  // namespace tocsin::cli
