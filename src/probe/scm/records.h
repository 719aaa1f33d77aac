// What Win32 leaves in buffers, read with care: another machine may have filled them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "probe/scm/system.h"

namespace tocsin::probe::scm {

/// Win32 codes beyond those of svcctl.
inline constexpr std::uint32_t kInvalidData = 13;

/// The first `count` records of ENUM_SERVICE_STATUS_PROCESSW as 64-bit Windows lays them out, in a
/// buffer that begins at `address`. kInvalidData: a pointer that leads out of it.
[[nodiscard]] Win32Result<std::vector<ListedService>> read_list(BytesView buffer,
                                                                std::uint64_t address,
                                                                std::uint32_t count);

/// The strings of a list in UTF-16 that ends in an empty one (lpDependencies).
[[nodiscard]] std::vector<std::string> read_strings(BytesView utf16);

/// Whether a SERVICE_TRIGGER_INFO of 64-bit Windows at the begin of a buffer that lies at `address`
/// names an event that starts the service.
[[nodiscard]] bool names_start_trigger(BytesView buffer, std::uint64_t address);

/// What one call of EnumServicesStatusExW answers.
struct Page {
  std::uint32_t error = 0;  ///< a Win32 code; kMoreData: `needed` more bytes are to come
  std::uint32_t needed = 0;
  std::uint32_t returned = 0;
  std::uint32_t resume = 0;  ///< where the next call goes on
};
using FetchPage = std::function<Page(std::span<std::uint8_t> buffer, std::uint32_t resume)>;

/// The whole list. `buffer` grows as needed and is to be kept for the next time, so that one call
/// is enough then: a list from one call is consistent in itself. What does not fit into the 256 KB
/// that a call may carry comes in pages. Besides the codes of `fetch`: kInvalidData, and kMoreData
/// for a list that grows faster than it can be read.
[[nodiscard]] Win32Result<std::vector<ListedService>> fetch_list(Bytes& buffer,
                                                                 const FetchPage& fetch);

}  // namespace tocsin::probe::scm
