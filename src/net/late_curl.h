// Libcurl's functions, for the clients of it: instead of <curl/curl.h>.
#pragma once

#include <curl/curl.h>

#include "net/late_library.h"

namespace tocsin::net {

inline constexpr LateLibrary kCurl{.file = "libcurl.so.4", .package = "libcurl4"};

TOCSIN_LATE(kCurl, curl_easy_cleanup);
TOCSIN_LATE(kCurl, curl_easy_escape);
TOCSIN_LATE(kCurl, curl_easy_getinfo);
TOCSIN_LATE(kCurl, curl_easy_header);
TOCSIN_LATE(kCurl, curl_easy_init);
TOCSIN_LATE(kCurl, curl_easy_perform);
TOCSIN_LATE(kCurl, curl_easy_recv);
TOCSIN_LATE(kCurl, curl_easy_send);
TOCSIN_LATE(kCurl, curl_easy_setopt);
TOCSIN_LATE(kCurl, curl_easy_strerror);
TOCSIN_LATE(kCurl, curl_free);
TOCSIN_LATE(kCurl, curl_getdate);
TOCSIN_LATE(kCurl, curl_global_init);
TOCSIN_LATE(kCurl, curl_multi_add_handle);
TOCSIN_LATE(kCurl, curl_multi_cleanup);
TOCSIN_LATE(kCurl, curl_multi_info_read);
TOCSIN_LATE(kCurl, curl_multi_init);
TOCSIN_LATE(kCurl, curl_multi_perform);
TOCSIN_LATE(kCurl, curl_multi_poll);
TOCSIN_LATE(kCurl, curl_multi_remove_handle);
TOCSIN_LATE(kCurl, curl_multi_setopt);
TOCSIN_LATE(kCurl, curl_multi_wakeup);
TOCSIN_LATE(kCurl, curl_slist_append);
TOCSIN_LATE(kCurl, curl_slist_free_all);
TOCSIN_LATE(kCurl, curl_strequal);
TOCSIN_LATE(kCurl, curl_strnequal);
TOCSIN_LATE(kCurl, curl_url);
TOCSIN_LATE(kCurl, curl_url_cleanup);
TOCSIN_LATE(kCurl, curl_url_get);
TOCSIN_LATE(kCurl, curl_url_set);
TOCSIN_LATE(kCurl, curl_version_info);

}  // namespace tocsin::net
