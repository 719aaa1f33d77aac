// Libmosquitto's functions, for the client of it: instead of <mosquitto.h>.
#pragma once

#include <mosquitto.h>

#include "net/late_library.h"

namespace tocsin::net {

inline constexpr LateLibrary kMosquitto{.file = "libmosquitto.so.1", .package = "libmosquitto1"};

TOCSIN_LATE(kMosquitto, mosquitto_connack_string);
TOCSIN_LATE(kMosquitto, mosquitto_connect_async);
TOCSIN_LATE(kMosquitto, mosquitto_connect_v5_callback_set);
TOCSIN_LATE(kMosquitto, mosquitto_destroy);
TOCSIN_LATE(kMosquitto, mosquitto_disconnect);
TOCSIN_LATE(kMosquitto, mosquitto_disconnect_v5_callback_set);
TOCSIN_LATE(kMosquitto, mosquitto_int_option);
TOCSIN_LATE(kMosquitto, mosquitto_lib_init);
TOCSIN_LATE(kMosquitto, mosquitto_lib_version);
TOCSIN_LATE(kMosquitto, mosquitto_log_callback_set);
TOCSIN_LATE(kMosquitto, mosquitto_loop_misc);
TOCSIN_LATE(kMosquitto, mosquitto_loop_read);
TOCSIN_LATE(kMosquitto, mosquitto_loop_write);
TOCSIN_LATE(kMosquitto, mosquitto_new);
TOCSIN_LATE(kMosquitto, mosquitto_property_read_int16);
TOCSIN_LATE(kMosquitto, mosquitto_publish);
TOCSIN_LATE(kMosquitto, mosquitto_publish_v5_callback_set);
TOCSIN_LATE(kMosquitto, mosquitto_reason_string);
TOCSIN_LATE(kMosquitto, mosquitto_socket);
TOCSIN_LATE(kMosquitto, mosquitto_ssl_get);
TOCSIN_LATE(kMosquitto, mosquitto_username_pw_set);
TOCSIN_LATE(kMosquitto, mosquitto_void_option);
TOCSIN_LATE(kMosquitto, mosquitto_want_write);
TOCSIN_LATE(kMosquitto, mosquitto_will_set);

}  // namespace tocsin::net
