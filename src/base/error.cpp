#include "base/error.h"

namespace tocsin {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unreachable:
      return "unreachable";
    case ErrorKind::timed_out:
      return "timed_out";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::login_refused:
      return "login_refused";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::malformed:
      return "malformed";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::rejected:
      return "rejected";
    case ErrorKind::rate_limited:
      return "rate_limited";
    case ErrorKind::storage:
      return "storage";
    case ErrorKind::invalid_config:
      return "invalid_config";
  }
  return "unknown";
}

Error Error::in(std::string_view context) && {
  what.insert(0, std::string(context) + ": ");
  return std::move(*this);
}

}  // namespace tocsin
