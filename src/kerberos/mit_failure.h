// What a code of MIT's library says, in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kerberos/account.h"
#include "kerberos/trail.h"

namespace tocsin::kerberos {

/// What was attempted when the library failed.
struct Attempt {
  std::string client{};   ///< principal of the account
  std::string service{};  ///< "cifs/node1"; empty: the TGT was asked for
  std::string realm{};    ///< whose KDCs were asked
  std::string no_kdc{};   ///< as Trail describes it
};

/// `text` is the library's own sentence for the code.
[[nodiscard]] Failure failure_of(std::int32_t code, const std::string& text,
                                 const Attempt& attempt);

/// Takes from a line of the library's trace (KRB5_TRACE) which KDCs it asks: nothing else tells.
void read_trace(std::string_view line, Trail& trail);

}  // namespace tocsin::kerberos
