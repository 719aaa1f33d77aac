// What is stored of a login that is suspected.
#pragma once

#include "base/names.h"
#include "logins/fingerprint.h"
#include "logins/guard.h"

namespace tocsin::logins {

/// "credential:monitoring", "email:..."; never a secret.
using LoginId = Id<struct LoginTag>;

struct StoredLogin {
  LoginId id;
  Fingerprint fingerprint;  ///< of user and secret
  Suspicion suspicion;      ///< empty: the record is to be removed
};

}  // namespace tocsin::logins
