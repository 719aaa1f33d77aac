// Whether the build has a sanitizer, which needs memory of its own and time.
#pragma once

namespace tocsin::kit {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitizer = true;
#else
inline constexpr bool kSanitizer = false;
#endif

}  // namespace tocsin::kit
