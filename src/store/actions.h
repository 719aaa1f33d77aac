// What somebody did, as rows: for the tables whose changes are actions.
#pragma once

#include "domain/action.h"
#include "store/connection.h"

namespace tocsin::store {

/// In the transaction of what was done. Of the actions the latest 100,000 are kept.
void put_action(Connection& connection, const Action& action);

}  // namespace tocsin::store
