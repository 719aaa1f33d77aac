#include "platform/service.h"

namespace tocsin::platform {
namespace {

std::unexpected<Error> not_here() {
  return fail(ErrorKind::unsupported,
              "services of this kind exist on Windows only: here systemd starts `tocsin run`, from "
              "a unit of yours");
}

}  // namespace

Result<> check_service_rights() { return not_here(); }

Result<std::vector<std::string>> install_service(const ServiceDefinition& /*definition*/) {
  return not_here();
}

Result<RemovedService> uninstall_service(const std::string& /*name*/) { return not_here(); }

Result<int> run_as_service(const ServiceBody& /*body*/) { return not_here(); }

}  // namespace tocsin::platform
