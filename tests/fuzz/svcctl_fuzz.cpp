// Stubs of svcctl: what decodes encodes to something that decodes alike. The first byte chooses
// the message.
#include <cstdint>
#include <cstdlib>

#include "wire/svcctl/messages.h"
#include "wire/svcctl/notify.h"
#include "wire/svcctl/service_list.h"

using namespace tocsin;
using namespace tocsin::svcctl;

namespace {

template <typename Message>
void round_trip(BytesView stub) {
  const auto message = parse<Message>(stub);
  if (!message) return;
  const auto once = encode(*message);
  const auto again = parse<Message>(once);
  if (!again || encode(*again) != once) std::abort();
}

void list(BytesView stub, EnumLayout layout) {
  const auto page = parse<EnumServicesStatusResponse>(stub);
  if (!page) return;
  const auto services = parse_services(page->buffer, page->services_returned, layout);
  if (!services) return;
  std::size_t size = 0;
  for (const auto& service : *services) size += encoded_size(service, layout);
  const auto buffer = encode_services(*services, layout, size);
  const auto again = parse_services(buffer, services->size(), layout);
  if (!again || encode_services(*again, layout, size) != buffer) std::abort();
}

constexpr void (*kTargets[])(BytesView) = {
    [](BytesView stub) { list(stub, EnumLayout::status); },
    [](BytesView stub) { list(stub, EnumLayout::status_process); },
    round_trip<EnumServicesStatusResponse>,
    round_trip<QueryServiceConfigResponse>,
    round_trip<BufferResponse>,
    round_trip<StatusResponse>,
    round_trip<HandleResponse>,
    round_trip<ReturnValueResponse>,
    round_trip<ServiceStatusProcess>,
    round_trip<CloseServiceHandleRequest>,
    round_trip<ControlServiceRequest>,
    round_trip<QueryServiceStatusRequest>,
    round_trip<EnumServicesStatusRequest>,
    round_trip<OpenScManagerRequest>,
    round_trip<OpenServiceRequest>,
    round_trip<QueryServiceConfigRequest>,
    round_trip<StartServiceRequest>,
    round_trip<QueryServiceConfig2Request>,
    round_trip<QueryServiceStatusExRequest>,
    round_trip<EnumServicesStatusExRequest>,
    round_trip<QueryServiceConfigExRequest>,
    round_trip<QueryServiceConfigExResponse>,
    round_trip<NotifyServiceStatusChangeRequest>,
    round_trip<NotifyServiceStatusChangeResponse>,
    round_trip<GetNotifyResultsResponse>,
    round_trip<CloseNotifyHandleResponse>,
    round_trip<EnumDependentServicesRequest>,
    round_trip<EnumDependentServicesResponse>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) kTargets[data[0] % std::size(kTargets)](BytesView(data + 1, size - 1));
  return 0;
}
