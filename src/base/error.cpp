#include "base/error.h"

namespace tocsin {

Error Error::in(std::string_view context) && {
  what.insert(0, std::string(context) + ": ");
  return std::move(*this);
}

}  // namespace tocsin
