// Who may do what with our files and our process on Windows: the rules, as security descriptors in
// text (SDDL) and as decisions about access lists. Pure, so that it is tested everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tocsin::platform {

/// SYSTEM, administrators and that account have full control of the directory and of all that is
/// made in it; nothing is inherited from above, so nobody else has any. `sid` is "S-1-...".
[[nodiscard]] std::string private_directory_sddl(std::string_view sid);

/// The user of the process may end it and ask how it is, and no more.
[[nodiscard]] std::string private_process_sddl();

/// An entry of an access list, in the order of the list.
struct AccessEntry {
  bool allows = true;        ///< false: it denies
  std::uint32_t rights = 0;  ///< ACCESS_MASK of a file
  std::string sid;           ///< "S-1-..."
};

/// Whether everybody, every user of the machine or every guest may read the file's data. It errs on
/// the quiet side: what only large groups of a domain may do does not count.
[[nodiscard]] bool lets_others_read(const std::vector<AccessEntry>& entries);

/// The same for a directory into which they may put files.
[[nodiscard]] bool lets_others_write(const std::vector<AccessEntry>& entries);

/// Whether a directory that exists is one to keep data in: its owner can change all permissions.
/// Trusted are SYSTEM, administrators, Windows' installer, and the two accounts given.
[[nodiscard]] bool is_trusted_owner(std::string_view owner, std::string_view user,
                                    std::string_view service);

/// The SID of a service, S-1-5-80-..., which the system derives from its name: `hash` is the SHA-1
/// of the name in upper case, in UTF-16LE ([MS-DTYP] 2.4.2.4, NT SERVICE).
[[nodiscard]] std::string service_sid(BytesView hash);

}  // namespace tocsin::platform
