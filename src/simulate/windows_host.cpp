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
namespace {

dcerpc::ServerOptions rpc_options(const HostModel& host, Behaviour behaviour) {
  dcerpc::ServerOptions options;
  if (host.push() != Push::multiplexed) options.multiplexing = dcerpc::Multiplexing::refused;
  if (behaviour.mischief == Mischief::misnumbered)
    options.numbering = [right_ones = behaviour.number](std::uint32_t call_id) mutable {
      if (right_ones == 0) return call_id + 1;
      right_ones--;
      return call_id;
    };
  return options;
}

}  // namespace

smb2::ServerOptions make_server_options(HostModel& host, const Account& account, const Clock& clock,
                                        const RandomFill& random, Behaviour behaviour) {
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
  options.open_pipe = [&host, behaviour](const std::string& name) {
    return open_pipe(host, name, behaviour);
  };
  return options;
}

std::unique_ptr<smb2::PipeEnd> open_pipe(HostModel& host, const std::string& name,
                                         Behaviour behaviour) {
  const auto serve = [&](const char* address, dcerpc::Interface interface) {
    return std::make_unique<dcerpc::Server>(address, std::vector{std::move(interface)},
                                            rpc_options(host, behaviour));
  };
  const auto key = fold_case(name);
  // The address is what Windows answers for svcctl.
  if (key == "SVCCTL")
    return serve("\\pipe\\ntsvcs",
                 {.id = svcctl::kInterface,
                  .call = [control = std::make_shared<ServiceControl>(host, behaviour)](
                              std::uint16_t opnum, BytesView stub, const dcerpc::Answer& answer) {
                    control->call(opnum, stub, answer);
                  }});
  if (key == "LSARPC")
    return serve("\\pipe\\lsass",
                 dcerpc::immediate(kLocalSecurityInterface,
                                   [security = std::make_shared<LocalSecurity>(host.name())](
                                       std::uint16_t opnum, BytesView stub) {
                                     return security->call(opnum, stub);
                                   }));
  return nullptr;
}

}  // namespace tocsin::simulate
