#include "wire/svcctl/messages.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace tocsin::svcctl {
namespace {

/// From `offset` up to a terminator, which must come within the most that a name may have.
std::optional<BytesView> text_at(BytesView buffer, std::size_t offset) {
  if (offset >= buffer.size() || offset % 2 != 0) return std::nullopt;
  const auto rest = buffer.subspan(offset, std::min(buffer.size() - offset, 2 * (kMostName + 1)));
  for (std::size_t i = 0; i + 1 < rest.size(); i += 2)
    if (rest[i] == 0 && rest[i + 1] == 0) return rest.first(i);
  return std::nullopt;
}

/// range(0, 64) of cTriggers and cDataItems, range(0, 1024) of cbData (2.2.52 to 2.2.54)
constexpr std::uint32_t kMostTriggers = 64;

/// SERVICE_TRIGGER_SPECIFIC_DATA_ITEM[] (2.2.52), whose content nobody here asks for.
void skip_data_items(ndr::Reader& in, std::uint32_t announced) {
  const auto count = in.u32();
  if (count != announced || count > kMostTriggers) return in.set_failed();
  std::vector<bool> has_bytes;
  for (std::uint32_t i = 0; i < count; i++) {
    in.u32();  // dwDataType
    in.u32();  // cbData
    has_bytes.push_back(in.pointer());
  }
  for (const bool has : has_bytes)
    if (has) in.byte_array();
}

/// SERVICE_TRIGGER[]: all elements first, then what they point to, by element.
std::vector<ServiceTrigger> read_triggers(ndr::Reader& in, std::uint32_t announced) {
  struct Referents {
    bool subtype;
    std::uint32_t data_items;
    bool data;
  };
  std::vector<ServiceTrigger> triggers;
  std::vector<Referents> referents;
  const auto count = in.u32();
  if (count != announced || count > kMostTriggers) in.set_failed();
  for (std::uint32_t i = 0; i < count && in.ok(); i++) {
    triggers.push_back({.type = in.u32(), .action = in.u32()});
    referents.push_back({.subtype = in.pointer(), .data_items = in.u32(), .data = in.pointer()});
  }
  for (const auto& [subtype, data_items, data] : referents) {
    if (subtype) in.array<16>();  // a GUID
    if (data) skip_data_items(in, data_items);
  }
  return triggers;
}

}  // namespace

void ServiceStatus::write(ndr::Writer& out) const {
  out.u32(service_type).u32(current_state).u32(controls_accepted).u32(win32_exit_code);
  out.u32(service_specific_exit_code).u32(check_point).u32(wait_hint);
}

ServiceStatus ServiceStatus::read(ndr::Reader& in) {
  return {.service_type = in.u32(),
          .current_state = in.u32(),
          .controls_accepted = in.u32(),
          .win32_exit_code = in.u32(),
          .service_specific_exit_code = in.u32(),
          .check_point = in.u32(),
          .wait_hint = in.u32()};
}

bool ServiceStatus::has_valid_state() const {
  return current_state >= kStopped && current_state <= kPaused;
}

void ServiceStatusProcess::write(ndr::Writer& out) const {
  ServiceStatus::write(out);
  out.u32(process_id).u32(service_flags);
}

ServiceStatusProcess ServiceStatusProcess::read(ndr::Reader& in) {
  ServiceStatusProcess status{ServiceStatus::read(in)};
  status.process_id = in.u32();
  status.service_flags = in.u32();
  return status;
}

std::vector<std::string> QueryServiceConfig::dependency_names() const {
  std::vector<std::string> names;
  for (std::string_view left = dependencies; !left.empty();) {
    const auto name = left.substr(0, left.find('/'));
    if (!name.empty()) names.emplace_back(name);
    left.remove_prefix(std::min(left.size(), name.size() + 1));
  }
  return names;
}

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
    const auto status = layout == EnumLayout::status_process
                            ? ServiceStatusProcess::read(in)
                            : ServiceStatusProcess{ServiceStatus::read(in)};
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
      service.status.write(records);
    else
      service.status.ServiceStatus::write(records);
  }
  std::ranges::copy(std::move(records).take(), buffer.begin());
  return buffer;
}

void ReturnValueResponse::write(ndr::Writer& out) const { out.u32(return_value); }

ReturnValueResponse ReturnValueResponse::read(ndr::Reader& in) {
  return {.return_value = in.u32()};
}

void HandleResponse::write(ndr::Writer& out) const { out.bytes(handle).u32(return_value); }

HandleResponse HandleResponse::read(ndr::Reader& in) {
  return {.handle = in.array<20>(), .return_value = in.u32()};
}

void StatusResponse::write(ndr::Writer& out) const {
  status.write(out);
  out.u32(return_value);
}

StatusResponse StatusResponse::read(ndr::Reader& in) {
  return {.status = ServiceStatus::read(in), .return_value = in.u32()};
}

void BufferResponse::write(ndr::Writer& out) const {
  out.byte_array(buffer).u32(bytes_needed).u32(return_value);
}

BufferResponse BufferResponse::read(ndr::Reader& in) {
  return {.buffer = in.byte_array(), .bytes_needed = in.u32(), .return_value = in.u32()};
}

void EnumServicesStatusResponse::write(ndr::Writer& out) const {
  out.byte_array(buffer).u32(bytes_needed).u32(services_returned);
  out.unique_u32(resume_index).u32(return_value);
}

EnumServicesStatusResponse EnumServicesStatusResponse::read(ndr::Reader& in) {
  return {.buffer = in.byte_array(),
          .bytes_needed = in.u32(),
          .services_returned = in.u32(),
          .resume_index = in.unique_u32(),
          .return_value = in.u32()};
}

void QueryServiceConfigResponse::write(ndr::Writer& out) const {
  out.u32(config.service_type).u32(config.start_type).u32(config.error_control);
  out.pointer().pointer().u32(config.tag_id).pointer().pointer().pointer();
  for (const auto& text : {config.binary_path_name, config.load_order_group, config.dependencies,
                           config.service_start_name, config.display_name})
    out.string(text);
  out.u32(bytes_needed).u32(return_value);
}

QueryServiceConfigResponse QueryServiceConfigResponse::read(ndr::Reader& in) {
  QueryServiceConfigResponse response;
  auto& config = response.config;
  config.service_type = in.u32();
  config.start_type = in.u32();
  config.error_control = in.u32();
  const bool has_binary_path_name = in.pointer();
  const bool has_load_order_group = in.pointer();
  config.tag_id = in.u32();
  const bool has_dependencies = in.pointer();
  const bool has_service_start_name = in.pointer();
  const bool has_display_name = in.pointer();
  if (has_binary_path_name) config.binary_path_name = in.string();
  if (has_load_order_group) config.load_order_group = in.string();
  if (has_dependencies) config.dependencies = in.string();
  if (has_service_start_name) config.service_start_name = in.string();
  if (has_display_name) config.display_name = in.string();
  response.bytes_needed = in.u32();
  response.return_value = in.u32();
  return response;
}

void CloseServiceHandleRequest::write(ndr::Writer& out) const { out.bytes(handle); }

CloseServiceHandleRequest CloseServiceHandleRequest::read(ndr::Reader& in) {
  return {.handle = in.array<20>()};
}

void ControlServiceRequest::write(ndr::Writer& out) const { out.bytes(service).u32(control); }

ControlServiceRequest ControlServiceRequest::read(ndr::Reader& in) {
  return {.service = in.array<20>(), .control = in.u32()};
}

void QueryServiceStatusRequest::write(ndr::Writer& out) const { out.bytes(service); }

QueryServiceStatusRequest QueryServiceStatusRequest::read(ndr::Reader& in) {
  return {.service = in.array<20>()};
}

void EnumServicesStatusRequest::write(ndr::Writer& out) const {
  out.bytes(manager).u32(service_type).u32(service_state).u32(buffer_size);
  out.unique_u32(resume_index);
}

EnumServicesStatusRequest EnumServicesStatusRequest::read(ndr::Reader& in) {
  return {.manager = in.array<20>(),
          .service_type = in.u32(),
          .service_state = in.u32(),
          .buffer_size = in.u32(),
          .resume_index = in.unique_u32()};
}

void OpenScManagerRequest::write(ndr::Writer& out) const {
  out.unique_string(machine_name).unique_string(database_name).u32(desired_access);
}

OpenScManagerRequest OpenScManagerRequest::read(ndr::Reader& in) {
  return {.machine_name = in.unique_string(),
          .database_name = in.unique_string(),
          .desired_access = in.u32()};
}

void OpenServiceRequest::write(ndr::Writer& out) const {
  out.bytes(manager).string(service_name).u32(desired_access);
}

OpenServiceRequest OpenServiceRequest::read(ndr::Reader& in) {
  return {.manager = in.array<20>(), .service_name = in.string(), .desired_access = in.u32()};
}

void QueryServiceConfigRequest::write(ndr::Writer& out) const {
  out.bytes(service).u32(buffer_size);
}

QueryServiceConfigRequest QueryServiceConfigRequest::read(ndr::Reader& in) {
  return {.service = in.array<20>(), .buffer_size = in.u32()};
}

void StartServiceRequest::write(ndr::Writer& out) const { out.bytes(service).u32(0).null(); }

StartServiceRequest StartServiceRequest::read(ndr::Reader& in) {
  return {.service = in.array<20>()};
}

void QueryServiceConfig2Request::write(ndr::Writer& out) const {
  out.bytes(service).u32(info_level).u32(buffer_size);
}

QueryServiceConfig2Request QueryServiceConfig2Request::read(ndr::Reader& in) {
  return {.service = in.array<20>(), .info_level = in.u32(), .buffer_size = in.u32()};
}

void QueryServiceConfigExResponse::write(ndr::Writer& out) const {
  // dwInfoLevel, and once more as the union's own discriminant ([C706] 14.3.8).
  out.u32(QueryServiceConfigExRequest::kTriggerLevel);
  out.u32(QueryServiceConfigExRequest::kTriggerLevel);
  const auto count = static_cast<std::uint32_t>(triggers.size());
  if (return_value != kSuccess) {
    out.null();
  } else if (count == 0) {
    out.pointer().u32(0).null().null();
  } else {
    out.pointer().u32(count).pointer().null();
    out.u32(count);
    for (const auto& trigger : triggers)
      out.u32(trigger.type).u32(trigger.action).pointer().u32(0).null();
    for (std::size_t i = 0; i < triggers.size(); i++) out.bytes(Bytes(16));
  }
  out.u32(return_value);
}

QueryServiceConfigExResponse QueryServiceConfigExResponse::read(ndr::Reader& in) {
  QueryServiceConfigExResponse response;
  in.u32();  // dwInfoLevel
  // A host that refuses may leave the union as it was; of another level nothing can be read.
  const bool is_trigger_level = in.u32() == QueryServiceConfigExRequest::kTriggerLevel;
  if (in.pointer()) {
    if (!is_trigger_level) in.set_failed();
    const auto count = in.u32();
    const bool has_triggers = in.pointer();
    in.pointer();  // pReserved
    if (has_triggers) response.triggers = read_triggers(in, count);
  }
  response.return_value = in.u32();
  return response;
}

void QueryServiceConfigExRequest::write(ndr::Writer& out) const {
  out.bytes(service).u32(info_level);
}

QueryServiceConfigExRequest QueryServiceConfigExRequest::read(ndr::Reader& in) {
  return {.service = in.array<20>(), .info_level = in.u32()};
}

void QueryServiceStatusExRequest::write(ndr::Writer& out) const {
  out.bytes(service).u32(info_level).u32(buffer_size);
}

QueryServiceStatusExRequest QueryServiceStatusExRequest::read(ndr::Reader& in) {
  return {.service = in.array<20>(), .info_level = in.u32(), .buffer_size = in.u32()};
}

void EnumServicesStatusExRequest::write(ndr::Writer& out) const {
  out.bytes(manager).u32(info_level).u32(service_type).u32(service_state).u32(buffer_size);
  out.unique_u32(resume_index).unique_string(group_name);
}

EnumServicesStatusExRequest EnumServicesStatusExRequest::read(ndr::Reader& in) {
  return {.manager = in.array<20>(),
          .info_level = in.u32(),
          .service_type = in.u32(),
          .service_state = in.u32(),
          .buffer_size = in.u32(),
          .resume_index = in.unique_u32(),
          .group_name = in.unique_string()};
}

}  // namespace tocsin::svcctl
