// ntfy: push messages, published as JSON (https://docs.ntfy.sh/publish/#publish-as-json).
#pragma once

#include <string>

#include "config/destinations/ntfy_notification.h"
#include "domain/alert.h"
#include "notify/destination.h"

namespace tocsin::notify {

/// The body of a POST to the server, without the topic: who knows that may read what is sent, and
/// the body is stored. The message is at most 4,096 bytes: ntfy makes a file of what is longer.
[[nodiscard]] std::string ntfy_message(const config::Ntfy& settings, const Contents& contents);

void add_channels(const config::Ntfy& settings, const ChannelDeps& deps, Destinations& to);

}  // namespace tocsin::notify
