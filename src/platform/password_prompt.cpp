#include "platform/password_prompt.h"

#include <iostream>
#include <utility>

#include "base/try.h"
#include "platform/standard_streams.h"

namespace tocsin::platform {

Result<Secret> ask_password(const std::string& account) {
  std::string line;
  if (is_typed()) {
    write_to_stderr("password of " + account + ": ");
    TRY(line, read_unseen());
  } else {
    std::getline(std::cin, line);
  }
  line.resize(line.find_last_not_of("\r\n") + 1);
  if (line.empty()) return fail(ErrorKind::rejected, "no password was given");
  return Secret(std::move(line));
}

}  // namespace tocsin::platform
