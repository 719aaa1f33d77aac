// The pages of the dashboard, embedded at build time, and what programs ask of tocsin itself.
#pragma once

#include "web/monitor.h"
#include "web/router.h"

namespace tocsin::web {

/// `/` and the files that it needs: no file system stands behind a URL.
void add_pages(Router& router);
/// Where a browser asks for a name and a password.
void add_login(Router& router);
/// `/healthz`, `/readyz` and `/metrics`. The monitor outlives the router.
void add_own_state(Router& router, Monitor& monitor);

}  // namespace tocsin::web
