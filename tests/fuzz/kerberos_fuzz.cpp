// Any bytes as the token by which a host refuses a ticket.
#include <cstdint>
#include <cstdlib>

#include "kerberos/host_refusal.h"

using namespace tocsin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto refusal = kerberos::read_host_refusal(BytesView(data, size));
  if (!refusal) return 0;
  const auto error = kerberos::describe_host_refusal(*refusal, "cifs/host", Time{});
  if (error.what.empty()) std::abort();
  return 0;
}
