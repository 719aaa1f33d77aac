#include "wire/svcctl/service_list.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>

#include "wire/dcerpc/ndr.h"

namespace tocsin::svcctl {
namespace {

/// Whether one of the four units of UTF-16 is zero: a unit borrows from its highest bit where it is
/// zero, or follows one that is.
bool has_terminator(std::uint64_t units) {
  constexpr std::uint64_t kOnes = 0x0001'0001'0001'0001;
  return ((units - kOnes) & ~units & (kOnes << 15)) != 0;
}

/// From `offset` up to a terminator, which must come within the most that a name may have.
std::optional<BytesView> text_at(BytesView buffer, std::size_t offset) {
  if (offset >= buffer.size() || offset % 2 != 0) return std::nullopt;
  const auto rest = buffer.subspan(offset, std::min(buffer.size() - offset, 2 * (kMostName + 1)));
  std::size_t i = 0;
  for (std::uint64_t units = 0; i + sizeof units <= rest.size(); i += sizeof units) {
    std::memcpy(&units, &rest[i], sizeof units);
    if (has_terminator(units)) break;
  }
  for (; i + 1 < rest.size(); i += 2)
    if (rest[i] == 0 && rest[i + 1] == 0) return rest.first(i);
  return std::nullopt;
}

}  // namespace

Result<std::vector<EnumServiceStatus>> parse_services(BytesView buffer, std::size_t count,
                                                      EnumLayout layout) {
  const std::size_t record_size = std::to_underlying(layout);
  if (count > buffer.size() / record_size)
    return fail(ErrorKind::malformed, "a list of services that has no room for its records");
  std::vector<EnumServiceStatus> services;
  services.reserve(count);
  ndr::Reader in(buffer.first(count * record_size));
  for (std::size_t i = 0; i < count; i++) {
    const auto service_name = text_at(buffer, in.u32());
    const auto display_name = text_at(buffer, in.u32());
    if (!service_name || !display_name || service_name->empty())
      return fail(ErrorKind::malformed, "a list of services with a name outside of it");
    ServiceStatusProcess status;
    if (layout == EnumLayout::status_process)
      status.fields(in);
    else
      status.ServiceStatus::fields(in);
    services.push_back(
        {.service_name = *service_name, .display_name = *display_name, .status = status});
  }
  return services;
}

std::size_t encoded_size(const EnumServiceStatus& service, EnumLayout layout) {
  return std::to_underlying(layout) + service.service_name.size() + 2 +
         service.display_name.size() + 2;
}

Bytes encode_services(std::span<const EnumServiceStatus> services, EnumLayout layout,
                      std::size_t size) {
  const auto needed = std::accumulate(
      services.begin(), services.end(), std::size_t{0},
      [&](std::size_t sum, const auto& service) { return sum + encoded_size(service, layout); });
  if (needed > size) throw std::length_error("encode_services: the buffer is too small");
  Bytes buffer(size);
  ndr::Writer records;
  records.reserve(services.size() * std::to_underlying(layout));
  std::size_t end = size & ~std::size_t{1};
  const auto place = [&](BytesView text) {
    end -= text.size() + 2;
    std::ranges::copy(text, buffer.begin() + static_cast<std::ptrdiff_t>(end));
    return static_cast<std::uint32_t>(end);
  };
  for (const auto& service : services) {
    const auto display_name = place(service.display_name);
    records.u32(place(service.service_name)).u32(display_name);
    if (layout == EnumLayout::status_process)
      service.status.fields(records);
    else
      service.status.ServiceStatus::fields(records);
  }
  std::ranges::copy(std::move(records).take(), buffer.begin());
  return buffer;
}

}  // namespace tocsin::svcctl
