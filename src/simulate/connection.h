// One client of a pretend host.
#pragma once

#include "net/async.h"
#include "net/tcp.h"
#include "simulate/mischief.h"
#include "wire/smb2/server.h"

namespace tocsin::simulate {

/// Answers until the client leaves or breaks the protocol, or somebody closes the stream.
/// `stream` outlives it. Cancellation throws.
net::awaitable<void> converse(net::TcpStream& stream, smb2::Server server, Behaviour behaviour);

}  // namespace tocsin::simulate
