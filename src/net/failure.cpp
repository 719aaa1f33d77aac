#include "net/failure.h"

#include <system_error>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace tocsin::net {

namespace asio = boost::asio;

Error describe_failure(const boost::system::error_code& error, Expired expired,
                       const asio::cancellation_state& task, const std::string& what) {
  if (task.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
  if (expired == Expired::yes) return {ErrorKind::timed_out, what + ": no answer in time", {}};
  if (error == asio::error::eof)
    return {ErrorKind::unreachable, what + ": the connection was closed by the other side", {}};
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor)
    return {ErrorKind::unreachable, what + ": closed on this side", {}};
  if (error == asio::error::host_not_found || error == asio::error::no_data)
    return {ErrorKind::not_found, what + ": no such host name", {}};
  if (error == asio::error::host_not_found_try_again)
    return {ErrorKind::unreachable, what + ": the name server does not answer", {}};
  const auto native = static_cast<std::uint32_t>(error.value());
  if (error == asio::error::no_descriptors || error == std::errc::too_many_files_open_in_system)
    return {ErrorKind::exhausted, what + ": not asked, tocsin may not open any more files", native};
  if (error == asio::error::no_memory || error == asio::error::no_buffer_space)
    return {ErrorKind::exhausted, what + ": not asked, this machine lacks memory for it", native};
  return {ErrorKind::unreachable, what + ": " + error.message(), native};
}

}  // namespace tocsin::net
