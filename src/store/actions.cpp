#include "store/actions.h"

#include <cstdint>

namespace tocsin::store {
namespace {

constexpr std::int64_t kMostActions = 100'000;

}  // namespace

void put_action(Connection& connection, const Action& action) {
  connection.run(
      "INSERT INTO action (at, author, kind, host, service, destination, until, reason)"
      " VALUES (?,?,?,?,?,?,?,?)",
      action.by.at, action.by.name, to_string(action.kind), action.scope.host.text(),
      action.scope.service.text(), action.destination, action.until, action.reason);
  connection.run("DELETE FROM action WHERE id <= ?", connection.last_inserted() - kMostActions);
}

}  // namespace tocsin::store
