// `web-token`: the token in the data directory, or a new one for the configuration.
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "daemon/daemon.h"
#include "daemon/web.h"
#include "platform/permissions.h"
#include "platform/process.h"
#include "store/store.h"
#include "wire/crypto.h"

namespace tocsin::cli {
namespace {

/// The token itself is nowhere but on the screen.
int make_new(const WebTokenOptions& options) {
  const auto token = daemon::make_web_token(platform::system_random());
  fmt::print(
      "token: {}\n\nIn the configuration:\n\n  web:\n    tokens:\n      - name: {}\n        hash: "
      "{}\n        role: {}\n",
      token.reveal(), printable(options.name), to_hex(crypto::sha256(as_bytes(token.reveal()))),
      options.role);
  return kExitOk;
}

}  // namespace

int web_token(const WebTokenOptions& options) {
  const auto config = load(options.configuration);
  if (!config) return kExitBadConfiguration;
  if (!options.name.empty()) return make_new(options);
  const auto directory = daemon::data_directory(options.data_directory, *config);
  const auto token = daemon::take_web_token(directory, platform::system_random());
  if (!token) return failed(token.error().what);
  platform::give_to_owner(directory, store::kFiles);
  fmt::print("{}\n", token->reveal());
  return kExitOk;
}

}  // namespace tocsin::cli
