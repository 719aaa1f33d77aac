// The accounts that hosts are asked with.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/names.h"

namespace tocsin::config {

struct Credentials {
  std::string name;
  std::string username;  ///< DOMAIN\user, user@REALM or user
  Secret password;
  std::string password_file;  ///< read again before each login; empty: the password stays

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// Shared by many hosts; equal where what they say is equal.
class SharedCredentials : public std::shared_ptr<const Credentials> {
 public:
  using shared_ptr::shared_ptr;
  // NOLINTNEXTLINE(google-explicit-constructor): it is such a pointer
  SharedCredentials(std::shared_ptr<const Credentials> credentials)
      : shared_ptr(std::move(credentials)) {}
  friend bool operator==(const SharedCredentials& a, const SharedCredentials& b) {
    return a.get() == b.get() || (a.get() != nullptr && b.get() != nullptr && *a == *b);
  }
};

}  // namespace tocsin::config
