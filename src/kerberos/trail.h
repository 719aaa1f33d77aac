// Which KDCs a call has looked for and asked so far, for whoever gives up waiting.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::kerberos {

/// From any thread.
class Trail {
 public:
  /// The address of a KDC, "127.0.0.1:88".
  void add_asked(std::string_view address);
  /// The name of a KDC, or of the DNS record that would name one.
  void add_looked_for(std::string_view name);
  /// "no KDC of CORP.EXAMPLE answers (asked 10.0.0.1:88)"
  [[nodiscard]] std::string describe(std::string_view realm) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<std::string> looked_for_;
};

}  // namespace tocsin::kerberos
