#include "platform/access_rules.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tocsin::platform {
namespace {

constexpr std::string_view kSystem = "S-1-5-18";
constexpr std::string_view kAdministrators = "S-1-5-32-544";
constexpr std::string_view kTrustedInstaller =
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

constexpr std::string_view kEveryone = "S-1-1-0";
/// Everyone, authenticated users, interactive users, anonymous, users, guests.
constexpr std::array<std::string_view, 6> kOthers = {kEveryone, "S-1-5-11",     "S-1-5-4",
                                                     "S-1-5-7", "S-1-5-32-545", "S-1-5-32-546"};

// ACCESS_MASK ([MS-DTYP] 2.4.3): reading a file's data is the lowest of its own bits.
constexpr std::uint32_t kFileReadData = 0x0000'0001;
constexpr std::uint32_t kAddFile = 0x0000'0002;
constexpr std::uint32_t kGenericRead = 0x8000'0000;
constexpr std::uint32_t kGenericWrite = 0x4000'0000;
constexpr std::uint32_t kGenericAll = 0x1000'0000;

/// Any of these rights.
bool lets_others(std::uint32_t rights, const std::vector<AccessEntry>& entries) {
  std::vector<std::string_view> denied;
  for (const auto& entry : entries) {
    if ((entry.rights & rights) == 0) continue;
    if (std::ranges::find(kOthers, entry.sid) == kOthers.end()) continue;
    if (!entry.allows) {
      if (entry.sid == kEveryone) return false;
      denied.push_back(entry.sid);
    } else if (std::ranges::find(denied, entry.sid) == denied.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string private_directory_sddl(std::string_view sid) {
  // P: protected from inheritance. OI, CI: inherited by files and directories. FA: full control.
  return fmt::format("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{})", sid);
}

std::string private_process_sddl() {
  // 0x1fffff: PROCESS_ALL_ACCESS. 0x101401: SYNCHRONIZE, PROCESS_QUERY_(LIMITED_)INFORMATION and
  // PROCESS_TERMINATE. S-1-3-4: whoever owns it, who could change this list if it were not named.
  return "D:P(A;;0x1fffff;;;SY)(A;;0x1fffff;;;BA)(A;;0x101401;;;S-1-3-4)";
}

bool lets_others_read(const std::vector<AccessEntry>& entries) {
  return lets_others(kFileReadData | kGenericRead | kGenericAll, entries);
}

bool lets_others_write(const std::vector<AccessEntry>& entries) {
  return lets_others(kAddFile | kGenericWrite | kGenericAll, entries);
}

bool is_trusted_owner(std::string_view owner, std::string_view user, std::string_view service) {
  return owner == kSystem || owner == kAdministrators || owner == kTrustedInstaller ||
         owner == user || owner == service;
}

std::string service_sid(BytesView hash) {
  Reader in(hash);
  std::string sid = "S-1-5-80";
  for (int i = 0; i < 5; i++) sid += fmt::format("-{}", in.u32());
  return sid;
}

}  // namespace tocsin::platform
