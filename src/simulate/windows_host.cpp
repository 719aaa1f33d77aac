#include "simulate/windows_host.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "simulate/local_security.h"
#include "simulate/service_control.h"
#include "wire/dcerpc/server.h"
#include "wire/svcctl/messages.h"

namespace tocsin::simulate {

smb2::ServerOptions make_server_options(HostModel& host, const Account& account, const Clock& clock,
                                        const RandomFill& random) {
  smb2::ServerOptions options;
  options.acceptor = [&host, &clock, &account, random] {
    const auto computer = fold_case(host.name());
    return ntlm::make_acceptor(
        {.computer = computer,
         .domain = computer,
         .dns_computer = host.name(),
         .dns_domain = host.name(),
         .dns_tree = {},
         .password_of = [&account](const std::string& user) -> std::optional<Secret> {
           if (fold_case(user) != fold_case(account.user)) return std::nullopt;
           return account.password;
         },
         .now = clock.now(),
         .refusal = [&account](const std::string&) { return account.refusal; },
         .on_logon = account.on_logon},
        random);
  };
  options.open_pipe = [&host](const std::string& name) { return open_pipe(host, name); };
  return options;
}

std::unique_ptr<smb2::PipeEnd> open_pipe(HostModel& host, const std::string& name) {
  const auto serve = [](const char* address, const dcerpc::SyntaxId& id, auto service) {
    return std::make_unique<dcerpc::Server>(
        address, std::vector{dcerpc::immediate(
                     id, [service = std::move(service)](std::uint16_t opnum, BytesView stub) {
                       return service->call(opnum, stub);
                     })});
  };
  const auto key = fold_case(name);
  // The address is what Windows answers for svcctl.
  if (key == "SVCCTL")
    return serve("\\pipe\\ntsvcs", svcctl::kInterface, std::make_shared<ServiceControl>(host));
  if (key == "LSARPC")
    return serve("\\pipe\\lsass", kLocalSecurityInterface,
                 std::make_shared<LocalSecurity>(host.name()));
  return nullptr;
}

}  // namespace tocsin::simulate
