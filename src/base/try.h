// Passing on errors. TRY takes what a Result holds, or returns its error from the function:
//
//   TRY(auto header, parse_header(bytes));  // declares `header`
//   TRY(in.finish("header"));               // for a Result<>
//
// CO_TRY does the same in a coroutine. Both are two statements: not for the branch of an `if`
// without braces. A comma in template arguments needs parentheses around the expression.
#pragma once

#include <expected>
#include <string_view>
#include <utility>

#include "base/error.h"

#define TRY(...) TOCSIN_TRY(return, __VA_ARGS__)
#define CO_TRY(...) TOCSIN_TRY(co_return, __VA_ARGS__)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses.
#define TOCSIN_TRY(leave, first, ...)                                \
  TOCSIN_TRY_##__VA_OPT__(TAKE)(leave, TOCSIN_TRY_NAME(__COUNTER__), \
                                first __VA_OPT__(, ) __VA_ARGS__)
#define TOCSIN_TRY_(leave, tried, result) \
  if (auto&& tried = result; !tried) leave std::unexpected(std::move(tried).error())
#define TOCSIN_TRY_TAKE(leave, tried, declaration, ...)        \
  auto&& tried = __VA_ARGS__;                                  \
  if (!tried) leave std::unexpected(std::move(tried).error()); \
  declaration = *std::move(tried)
#define TOCSIN_TRY_NAME(number) TOCSIN_TRY_NAME_OF(number)
#define TOCSIN_TRY_NAME_OF(number) tried_##number
// NOLINTEND(bugprone-macro-parentheses)

namespace tocsin {

/// The same, but an error says "context: what".
template <typename T>
[[nodiscard]] Result<T> in_context(Result<T> result, std::string_view context) {
  if (!result) return fail(std::move(result), context);
  return result;
}

}  // namespace tocsin
