#include "base/error.h"

namespace tocsin {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::unreachable:
      return "unreachable";
    case Kind::timed_out:
      return "timed_out";
    case Kind::denied:
      return "denied";
    case Kind::login_refused:
      return "login_refused";
    case Kind::not_found:
      return "not_found";
    case Kind::malformed:
      return "malformed";
    case Kind::unsupported:
      return "unsupported";
    case Kind::rejected:
      return "rejected";
    case Kind::rate_limited:
      return "rate_limited";
    case Kind::storage:
      return "storage";
    case Kind::invalid_config:
      return "invalid_config";
  }
  return "unknown";
}

Error Error::in(std::string_view context) && {
  what.insert(0, std::string(context) + ": ");
  return std::move(*this);
}

}  // namespace tocsin
