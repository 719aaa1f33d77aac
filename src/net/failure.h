// How an operation on a socket failed, decided in one place for all of them.
#pragma once

#include <string>

#include <boost/system/error_code.hpp>

#include "base/error.h"

namespace boost::asio {
class cancellation_state;  // NOLINT(readability-identifier-naming): the name is Asio's
}

namespace tocsin::net {

/// Whether the time limit of an operation ended it.
enum class Expired : bool { no, yes };

/// An operation was aborted because its task was cancelled (this throws, so that nobody takes a
/// stop for an answer), because its deadline passed (timed_out), or because the network failed
/// (not_found: no such name; exhausted: our own lack; unreachable otherwise). `what` says who or
/// what, e.g. the peer.
[[nodiscard]] Error describe_failure(const boost::system::error_code& error, Expired expired,
                                     const boost::asio::cancellation_state& task,
                                     const std::string& what);

}  // namespace tocsin::net
