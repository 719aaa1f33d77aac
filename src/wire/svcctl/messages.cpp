#include "wire/svcctl/messages.h"

#include <algorithm>

namespace tocsin::svcctl {
namespace {

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

bool ServiceStatus::has_valid_state() const {
  return current_state >= kStopped && current_state <= kPaused;
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

void QueryServiceConfigResponse::fields(ndr::Writer& out) const {
  out.u32(config.service_type).u32(config.start_type).u32(config.error_control);
  out.pointer().pointer().u32(config.tag_id).pointer().pointer().pointer();
  for (const auto& text : {config.binary_path_name, config.load_order_group, config.dependencies,
                           config.service_start_name, config.display_name})
    out.string(text);
  out.u32(bytes_needed).u32(return_value);
}

void QueryServiceConfigResponse::fields(ndr::Reader& in) {
  in(config.service_type, config.start_type, config.error_control);
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
  in(bytes_needed, return_value);
}

void StartServiceRequest::fields(ndr::Writer& out) const { out.bytes(service).u32(0).null(); }

void StartServiceRequest::fields(ndr::Reader& in) { in(service); }

void QueryServiceConfigExResponse::fields(ndr::Writer& out) const {
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

void QueryServiceConfigExResponse::fields(ndr::Reader& in) {
  in.u32();  // dwInfoLevel
  // A host that refuses may leave the union as it was; of another level nothing can be read.
  const bool is_trigger_level = in.u32() == QueryServiceConfigExRequest::kTriggerLevel;
  if (in.pointer()) {
    if (!is_trigger_level) in.set_failed();
    const auto count = in.u32();
    const bool has_triggers = in.pointer();
    in.pointer();  // pReserved
    if (has_triggers) triggers = read_triggers(in, count);
  }
  in(return_value);
}

}  // namespace tocsin::svcctl
