#include "probe/scm/records.h"

#include <optional>

#include "base/text.h"
#include "base/try.h"

namespace tocsin::probe::scm {
namespace {

/// sizeof(ENUM_SERVICE_STATUS_PROCESSW): two pointers, nine DWORDs, four bytes of padding.
constexpr std::size_t kRecordSize = 56;
/// Room for services that appear between two calls.
constexpr std::size_t kSlack = 4096;

/// The text that begins at this address and ends with a zero inside the buffer.
std::optional<std::string> text_at(BytesView buffer, std::uint64_t base, std::uint64_t address) {
  if (address < base || address - base >= buffer.size()) return std::nullopt;
  const auto rest = buffer.subspan(static_cast<std::size_t>(address - base));
  for (std::size_t end = 0; end + 1 < rest.size(); end += 2)
    if (rest[end] == 0 && rest[end + 1] == 0) return from_utf16(rest.first(end));
  return std::nullopt;
}

}  // namespace

Win32Result<std::vector<ListedService>> read_list(BytesView buffer, std::uint64_t address,
                                                  std::uint32_t count) {
  if (count > buffer.size() / kRecordSize) return std::unexpected(kInvalidData);
  std::vector<ListedService> services;
  services.reserve(count);
  for (std::size_t i = 0; i < count; i++) {
    Reader in(buffer.subspan(i * kRecordSize, kRecordSize));
    auto name = text_at(buffer, address, in.u64());
    auto display_name = text_at(buffer, address, in.u64());
    if (!name || !display_name) return std::unexpected(kInvalidData);
    auto& service = services.emplace_back(*std::move(name), *std::move(display_name));
    ndr::Reader(in.rest())(service.status);  // laid out as over the wire
  }
  return services;
}

std::vector<std::string> read_strings(BytesView utf16) {
  std::vector<std::string> strings;
  std::size_t begin = 0;
  for (std::size_t at = 0; at + 1 < utf16.size(); at += 2) {
    if (utf16[at] != 0 || utf16[at + 1] != 0) continue;
    if (at == begin) break;
    strings.push_back(from_utf16(utf16.subspan(begin, at - begin)));
    begin = at + 2;
  }
  return strings;
}

bool names_start_trigger(BytesView buffer, std::uint64_t address) {
  constexpr std::size_t kTriggerSize = 32;   // sizeof(SERVICE_TRIGGER)
  constexpr std::uint32_t kStartAction = 1;  // SERVICE_TRIGGER_ACTION_SERVICE_START
  Reader info(buffer);
  const auto count = info.u32();
  info.align(8);
  const auto triggers = info.u64();
  if (!info.ok() || triggers < address || triggers - address > buffer.size()) return false;
  Reader in(buffer.subspan(static_cast<std::size_t>(triggers - address)));
  for (std::uint32_t i = 0; i < count && in.remaining() >= kTriggerSize; i++) {
    Reader trigger(in.bytes(kTriggerSize));
    trigger.skip(4);  // dwTriggerType
    if (trigger.u32() == kStartAction) return true;
  }
  return false;
}

Win32Result<std::vector<ListedService>> fetch_list(Bytes& buffer, const FetchPage& fetch) {
  std::vector<ListedService> list;
  std::uint32_t resume = 0;
  for (int calls = 0; calls < svcctl::kMostListCalls; calls++) {
    const Page page = fetch(buffer, resume);
    const bool more = page.error == svcctl::kMoreData;
    if (!more && page.error != svcctl::kSuccess) return std::unexpected(page.error);
    if (more && buffer.size() < svcctl::kMostEnumeration) {
      // Once more from the start. `needed` counts what did not fit.
      const std::size_t filled = page.returned > 0 ? buffer.size() : 0;
      buffer.resize(std::clamp<std::size_t>(filled + page.needed + kSlack, buffer.size() + kSlack,
                                            svcctl::kMostEnumeration));
      resume = 0;
      list.clear();
      continue;
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): Win32's pointers into the buffer
    TRY(auto services,
        read_list(buffer, reinterpret_cast<std::uintptr_t>(buffer.data()), page.returned));
    std::ranges::move(services, std::back_inserter(list));
    if (!more) return list;
    if (page.returned == 0 || page.resume <= resume) return std::unexpected(kInvalidData);
    resume = page.resume;
  }
  return std::unexpected(std::uint32_t{svcctl::kMoreData});
}

}  // namespace tocsin::probe::scm
