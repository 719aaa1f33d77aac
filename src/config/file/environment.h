// The machine that a configuration is loaded on.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace tocsin::config {

/// What the loader asks of the machine that it runs on; a parameter so that tests own it.
struct Environment {
  /// The value of an environment variable, or nothing.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// The file of a secret that a service manager hands to the program, by the secret's name.
  std::function<std::string(const std::string& name)> credential_file = [](const auto& name) {
    return name;
  };
  /// Whether other users of the machine may read the file. False where nobody can say.
  std::function<bool(const std::string& path)> is_readable_by_others = [](const auto&) {
    return false;
  };
  /// What takes the right to read a file away from others: begins a sentence.
  std::string_view how_to_hide = "`chmod 600` prevents that";
  /// The machine has a service control manager of its own (Windows).
  bool has_service_manager = false;
  /// This process has a Kerberos ticket, or a keytab to get one, for hosts without credentials.
  bool has_ticket = false;
  /// The compiled file (TZif) of a time zone, by its IANA name. Errors: not_found.
  std::function<Result<std::string>(std::string_view name)> time_zone;
};

}  // namespace tocsin::config
