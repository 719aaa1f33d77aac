#include "wire/ntlm/ntlm.h"

#include <utility>

#include "base/text.h"
#include "wire/ntlm/client.h"
#include "wire/ntlm/server.h"

namespace tocsin::ntlm {

Credentials make_credentials(std::string_view account, Secret password) {
  Credentials credentials{.password = std::move(password)};
  const auto backslash = account.find('\\');
  if (backslash != std::string_view::npos) {
    credentials.domain = account.substr(0, backslash);
    account.remove_prefix(backslash + 1);
  }
  credentials.user = account;
  return credentials;
}

std::string workstation_name(std::string_view host_name) {
  constexpr std::size_t kMost = 15;  // NetBIOS names have 16 bytes, the last of which is a suffix
  return std::string(cut_utf8(fold_case(host_name.substr(0, host_name.find('.'))), kMost));
}

std::unique_ptr<wire::Initiator> make_initiator(Credentials credentials, RandomFill random,
                                                Time now, std::string target) {
  return spnego::make_initiator(
      std::make_unique<Client>(std::move(credentials), std::move(random), now, std::move(target)));
}

std::unique_ptr<wire::Acceptor> make_acceptor(AcceptorOptions options, RandomFill random) {
  return spnego::make_acceptor(std::make_unique<Server>(std::move(options), std::move(random)));
}

}  // namespace tocsin::ntlm
