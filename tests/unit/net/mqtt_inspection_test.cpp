#include "net/mqtt_inspection.h"

#include <string>

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

using namespace std::string_literals;

const std::string kConnack = "\x20\x06\x00\x00\x03\x21\x00\x14"s;  // receive maximum: 20

TEST(MqttInspection, WhatBrokersSend) {
  for (const auto& packet : {
           kConnack,
           "\x20\x03\x00\x87\x00"s,
           "\x40\x02\x00\x01"s,                        // PUBACK
           "\x40\x03\x00\x01\x10"s,                    // with a reason
           "\x40\x04\x00\x01\x87\x00"s,                // without properties
           "\x50\x09\x00\x01\x97\x05\x1F\x00\x02no"s,  // PUBREC with a reason string
           "\x70\x02\x00\x01"s,                        // PUBCOMP
           "\xD0\x00"s,                                // PINGRESP
           "\xE0\x00"s,                                // DISCONNECT
           "\xE0\x01\x8E"s,                            // with a reason
           "\xE0\x0A\x8E\x08\x26\x00\x01"
           "a\x00\x02"
           "bc"s,  // and with a user property
           "\x20\x17\x00\x00\x14\x11\x00\x00\x00\x01\x24\x01\x25\x00\x27\x00\x00\x01\x00\x13\x00"
           "\x0A\x0B\x80\x01"s,
       }) {
    EXPECT_TRUE(is_plausible_mqtt5(packet)) << packet;
    EXPECT_TRUE(is_plausible_mqtt5(packet + packet));
    for (std::size_t size = 0; size < packet.size(); size++)
      EXPECT_TRUE(is_plausible_mqtt5(packet.substr(0, size))) << size;
    EXPECT_FALSE(is_plausible_mqtt5(packet + "x"));
  }
}

TEST(MqttInspection, WhatTheyDoNot) {
  for (const auto& bytes : {
           "HTTP/1.1 400 Bad Request\r\n"s,
           "\x15\x03\x03\x00\x02\x02\x28"s,  // a TLS alert
           "SSH-2.0-OpenSSH_9.2\r\n"s,
           "\x40\x06\x00\x01\x00\x02\x7F\x00"s,  // a property that does not exist
           "\x40\x05\x00\x01\x00\x02\x1F"s,      // properties that do not end where they should
           "\x40\x01\x00"s,
           "\x30\x05\x00\x01"
           "a\x00x"s,                // PUBLISH to somebody who does not subscribe
           "\x41\x02\x00\x01"s,      // flags
           "\x20\xFF\xFF\xFF\x7F"s,  // 256 MB
           "\x20\xFF\xFF\xFF\xFF\x7F"s,
       })
    EXPECT_FALSE(is_plausible_mqtt5(bytes)) << bytes;
}

}  // namespace
}  // namespace tocsin::net
