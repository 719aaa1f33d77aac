// What a file of Butler gets without asking for it, and Butler does not do.
#pragma once

#include <vector>

#include "config/destinations/catalogue.h"
#include "config/file/yaml.h"
#include "config/migration/comparison.h"

namespace tocsin::config {

/// The keys that decide about it, one sentence each; not those that `root` has.
[[nodiscard]] std::vector<KeyNote> find_defaults(const YamlNode& root,
                                                 const Destinations& destinations);

}  // namespace tocsin::config
