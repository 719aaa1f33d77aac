#include "simulate/windows_host.h"

#include <map>
#include <memory>
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
  if (host.old() || host.push() == Push::single)
    options.multiplexing = dcerpc::Multiplexing::refused;
  if (behaviour.mischief == Mischief::misnumbered)
    options.numbering = [right_ones = behaviour.number](std::uint32_t call_id) mutable {
      if (right_ones == 0) return call_id + 1;
      right_ones--;
      return call_id;
    };
  return options;
}

/// The pipes of one host, which outlives it.
class Pipes {
 public:
  Pipes(HostModel& host, Behaviour behaviour) : host_(host), behaviour_(behaviour) {}

  /// Null for a name that there is not. The addresses are what Windows answers.
  std::unique_ptr<smb2::PipeEnd> open(const std::string& name) {
    const auto key = fold_case(name);
    auto options = rpc_options(host_, behaviour_);
    if (key == "SVCCTL") {
      options.join = [this](std::uint32_t group) { return join(group); };
      return std::make_unique<dcerpc::Server>("\\pipe\\ntsvcs", std::vector<dcerpc::Interface>{},
                                              std::move(options));
    }
    if (key == "LSARPC")
      return std::make_unique<dcerpc::Server>("\\pipe\\lsass", std::vector{local_security()},
                                              std::move(options));
    return nullptr;
  }

 private:
  dcerpc::AssociationGroup join(std::uint32_t id) {
    std::erase_if(controls_, [](const auto& one) { return one.second.expired(); });
    const auto found = controls_.find(id);
    auto control = found == controls_.end() ? nullptr : found->second.lock();
    if (!control) {
      id = ++last_group_;
      control = std::make_shared<ServiceControl>(host_, behaviour_, id);
      controls_[id] = control;
    }
    return {.id = id,
            .interfaces = {{.id = svcctl::kInterface,
                            .call = [control](std::uint16_t opnum, BytesView stub,
                                              const dcerpc::Answer& answer) {
                              control->call(opnum, stub, answer);
                            }}}};
  }
  dcerpc::Interface local_security() const {
    return dcerpc::immediate(
        kLocalSecurityInterface,
        [security = std::make_shared<LocalSecurity>(host_.name())](
            std::uint16_t opnum, BytesView stub) { return security->call(opnum, stub); });
  }

  HostModel& host_;
  Behaviour behaviour_;
  std::map<std::uint32_t, std::weak_ptr<ServiceControl>> controls_;  ///< by association group
  std::uint32_t last_group_ = 0;
};

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
  options.open_pipe = [pipes = std::make_shared<Pipes>(host, behaviour)](const std::string& name) {
    return pipes->open(name);
  };
  return options;
}

}  // namespace tocsin::simulate
