#include "wire/svcctl/notify.h"

namespace tocsin::svcctl {
namespace {

constexpr std::uint32_t kLevel1 = 1;
constexpr std::uint32_t kLevel2 = 2;
/// CallbackAddressArray and CallbackParamAddressArray
constexpr std::size_t kCallbacks = 32;
/// range(0, 4096) of cElements (2.2.24), range(0, 64 * 1024) of the names (2.2.44)
constexpr std::uint32_t kMostNotifications = 4096;
constexpr std::uint32_t kMostNames = 64 * 1024;

/// dwInfoLevel, and once more as the union's own discriminant ([C706] 14.3.8).
std::uint32_t read_level(ndr::Reader& in) {
  const auto level = in.u32();
  if (in.u32() != level || level < kLevel1 || level > kLevel2) in.set_failed();
  return level;
}

StatusNotification read_notification(ndr::Reader& in, std::uint32_t level) {
  StatusNotification one;
  in.u64();  // ullThreadId
  in(one.notify_mask);
  in.array<kCallbacks>();
  in(one.status, one.notification_status);
  in.u32();  // dwSequence
  if (level == kLevel1) return one;
  in(one.triggered);
  one.has_names = in.pointer();
  if (one.has_names) in.skip_string(kMostNames);
  return one;
}

void write_notification(ndr::Writer& out, const StatusNotification& one) {
  out.u64(0).u32(one.notify_mask).bytes(Bytes(kCallbacks));
  out(one.status, one.notification_status);
  out.u32(0).u32(one.triggered);
  if (one.has_names)
    out.pointer().string("");
  else
    out.null();
}

}  // namespace

void NotifyServiceStatusChangeRequest::fields(ndr::Reader& in) {
  in(handle);
  const auto level = read_level(in);
  if (!in.pointer()) in.set_failed();
  notify_mask = read_notification(in, level).notify_mask;
  in.array<16>();  // pClientProcessGuid
}

void NotifyServiceStatusChangeRequest::fields(ndr::Writer& out) const {
  out.bytes(handle).u32(kLevel2).u32(kLevel2).pointer();
  write_notification(out, {.notify_mask = notify_mask, .status = {{.current_state = 0}}});
  out.bytes(Bytes(16));
}

void NotifyServiceStatusChangeResponse::fields(ndr::Reader& in) {
  in.array<16>();  // pSCMProcessGuid
  in.u32();        // pfCreateRemoteQueue
  in(notify, return_value);
}

void NotifyServiceStatusChangeResponse::fields(ndr::Writer& out) const {
  out.bytes(Bytes(16)).u32(0);
  out(notify, return_value);
}

void GetNotifyResultsResponse::fields(ndr::Reader& in) {
  if (in.pointer()) {
    const auto room = in.u32();
    const auto count = in.u32();
    if (count != room || count > kMostNotifications) in.set_failed();
    std::vector<std::uint32_t> levels;  // of what is pointed to, which follows all elements
    for (std::uint32_t i = 0; i < count && in.ok(); i++) {
      const auto level = read_level(in);
      if (in.pointer()) levels.push_back(level);
    }
    for (const auto level : levels) {
      if (!in.ok()) break;
      notifications.push_back(read_notification(in, level));
    }
  }
  in(return_value);
}

void GetNotifyResultsResponse::fields(ndr::Writer& out) const {
  if (notifications.empty()) {
    out.null();
  } else {
    const auto count = static_cast<std::uint32_t>(notifications.size());
    out.pointer().u32(count).u32(count);
    for (std::uint32_t i = 0; i < count; i++) out.u32(kLevel2).u32(kLevel2).pointer();
    for (const auto& one : notifications) write_notification(out, one);
  }
  out.u32(return_value);
}

}  // namespace tocsin::svcctl
