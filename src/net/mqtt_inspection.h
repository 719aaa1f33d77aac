// Looks at what a broker sends before libmosquitto does. Pure.
#pragma once

#include <string_view>

namespace tocsin::net {

/// Whether bytes from the beginning of a packet on are what a broker may send to somebody who only
/// publishes with MQTT 5; of what is not there yet the answer is yes. Libmosquitto 2.0.11 aborts
/// the program when it reads a property that MQTT 5 does not know (property__read logs without a
/// session, and asserts that there is one): this keeps whatever speaks another protocol, or speaks
/// this one wrongly, from it. A hostile broker can still slip in what is sent between look and
/// read. 2.0.21 does not abort, and reads by itself.
[[nodiscard]] bool is_plausible_mqtt5(std::string_view bytes);

/// Whether they begin with the CONNACK of a broker that answers MQTT 5 in MQTT 3.1.1, which has no
/// properties: it may close the connection before libmosquitto says anything.
[[nodiscard]] bool is_connack_of_mqtt311(std::string_view bytes);

}  // namespace tocsin::net
