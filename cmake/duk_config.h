// How Duktape is built for src/render: as Debian configures it, but for what is said here.
#pragma once

#include <exception>
#include <stdexcept>

#include "duk_config_of_debian.h"

// A script is asked every 262,144 instructions whether it may go on.
extern "C" int tocsin_render_must_stop(void* fuel);
#define DUK_USE_INTERRUPT_COUNTER
#define DUK_USE_EXEC_TIMEOUT_CHECK(fuel) tocsin_render_must_stop(fuel)

// Errors are C++ exceptions and not longjmp, which would leave out destructors.
#define DUK_USE_CPP_EXCEPTIONS

// What is nested deeper than this is no template; a thread of Windows has 1 MiB of stack.
#undef DUK_USE_NATIVE_CALL_RECLIMIT
#define DUK_USE_NATIVE_CALL_RECLIMIT 100
#undef DUK_USE_COMPILER_RECLIMIT
#define DUK_USE_COMPILER_RECLIMIT 300
#undef DUK_USE_CALLSTACK_LIMIT
#define DUK_USE_CALLSTACK_LIMIT 1000
#undef DUK_USE_REGEXP_EXECUTOR_RECLIMIT
#define DUK_USE_REGEXP_EXECUTOR_RECLIMIT 1000
#undef DUK_USE_REGEXP_COMPILER_RECLIMIT
#define DUK_USE_REGEXP_COMPILER_RECLIMIT 1000
