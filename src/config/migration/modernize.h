// From the spelling of older files to the one that we recommend.
#pragma once

#include <vector>

#include "config/migration/value.h"
#include "config/monitored/host.h"
#include "config/section/known_key.h"

namespace tocsin::config {

/// What stands under `tocsin:` or `Butler:`, right and without what is switched off, comes to mean
/// the same in other words: hosts with the same entry share it, InfluxDB's keys stand in
/// `v1Config`, `fromAdress` is spelled right.
void modernize(Value& root);

/// Writes the rate limit that holds in a file of Butler where none is written: in a file of our own
/// there would be none. Of a root that modernize() has had.
void keep_rate_limits(Value& root, const std::vector<KnownKey>& keys);

/// `credentials` of two variables of the environment, where hosts are asked over SMB and there are
/// none. Answers whether they were added.
bool add_credentials(Value& root, Source default_source);

}  // namespace tocsin::config
