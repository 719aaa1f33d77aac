// Details of services that say the same are one in memory: a fleet has few different ones.
#pragma once

#include <cstddef>
#include <memory>

#include "domain/service.h"

namespace tocsin {

/// The one copy of such details, for as long as anybody has it. Any thread may ask.
[[nodiscard]] std::shared_ptr<const ServiceDetails> share(ServiceDetails details);
/// How many different ones are in memory.
[[nodiscard]] std::size_t count_shared_details();

}  // namespace tocsin
