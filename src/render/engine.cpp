#include "render/engine.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <duktape.h>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "render/cesu8.h"
#include "render/embedded.h"

namespace tocsin::render {
namespace {

/// How much one call may use.
struct Budget {
  std::size_t more_bytes;         ///< held at once, beyond what the heap had before
  std::size_t bytes_in_all;       ///< allocated, freed or not
  std::size_t instructions_256k;  ///< executed, in units of 262,144
};
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();
constexpr Budget kForSetup{kUnbounded, kUnbounded, kUnbounded};
constexpr Budget kForCompile{64 * kMiB, 1024 * kMiB, 128};
constexpr Budget kForRender{16 * kMiB, 128 * kMiB, 8};
/// What an allocation costs besides its bytes, in bytes.
constexpr std::size_t kAllocationCost = 32;

/// What is left of the budget. Once something is used up, the script is stopped when it is next
/// asked whether it may go on. An allocation fails only far beyond that: each that fails makes
/// Duktape collect garbage several times over.
struct Fuel {
  std::size_t held = 0;
  std::size_t most_held = kUnbounded;
  std::size_t bytes_left = kUnbounded;
  std::size_t checks_left = kUnbounded;
  bool exhausted = false;

  void fill(const Budget& budget) {
    most_held = budget.more_bytes == kUnbounded ? kUnbounded : held + budget.more_bytes;
    bytes_left = budget.bytes_in_all;
    checks_left = budget.instructions_256k;
  }
  /// Whether `size` more bytes may be held.
  bool burn(std::size_t size) {
    if (most_held != kUnbounded && held + size > most_held) {
      exhausted = true;
      return size <= most_held && held + size <= 2 * most_held;
    }
    if (bytes_left == kUnbounded) return true;
    exhausted = exhausted || size + kAllocationCost > bytes_left;
    bytes_left -= std::min(bytes_left, size + kAllocationCost);
    return true;
  }
};

/// Stands before each block; keeps it aligned.
struct alignas(std::max_align_t) Header {
  std::size_t size;
};

void* allocate(void* user, std::size_t size) {
  auto& fuel = *static_cast<Fuel*>(user);
  if (size == 0 || !fuel.burn(size)) return nullptr;
  auto* header = static_cast<Header*>(std::malloc(sizeof(Header) + size));
  if (header == nullptr) return nullptr;
  header->size = size;
  fuel.held += size;
  return header + 1;
}

void release(void* user, void* block) {
  if (block == nullptr) return;
  auto* header = static_cast<Header*>(block) - 1;
  static_cast<Fuel*>(user)->held -= header->size;
  std::free(header);
}

void* reallocate(void* user, void* block, std::size_t size) {
  if (block == nullptr) return allocate(user, size);
  if (size == 0) {
    release(user, block);
    return nullptr;
  }
  auto& fuel = *static_cast<Fuel*>(user);
  auto* header = static_cast<Header*>(block) - 1;
  const std::size_t before = header->size;
  // To shrink is always allowed: it is what collecting garbage does when nothing is left.
  if (size > before && !fuel.burn(size - before)) return nullptr;
  auto* moved = static_cast<Header*>(std::realloc(header, sizeof(Header) + size));
  if (moved == nullptr) return nullptr;
  moved->size = size;
  fuel.held = fuel.held - before + size;
  return moved + 1;
}

[[noreturn]] void die(void* /*user*/, const char* /*message*/) {
  std::abort();  // an error outside of any protected call: a mistake in this file
}

void push(duk_context* context, std::string_view text) {
  duk_push_lstring(context, text.data(), text.size());
}

std::string_view text_at(duk_context* context, duk_idx_t index) {
  duk_size_t size = 0;
  const char* text = duk_get_lstring(context, index, &size);
  return {text, size};
}

constexpr std::string_view name_of(Format format) {
  switch (format) {
    case Format::text:
      return "text";
    case Format::html:
      return "html";
    case Format::json:
      return "json";
    case Format::form:
      return "form";
  }
  return "text";
}

}  // namespace

struct Engine::Heap {
  Fuel fuel;
  duk_context* context = nullptr;

  /// Calls a member of the engine object, which lies at the bottom of the stack, with what `give`
  /// pushes. The result is on top of the stack; not so when false, which means exhausted.
  template <typename Give>
  bool call(const char* member, const Budget& budget, Give give) {
    fuel.fill(budget);
    auto run = [&](duk_context* ctx) {
      duk_get_prop_string(ctx, 0, member);
      const duk_idx_t count = give(ctx);
      duk_call(ctx, count);
    };
    using Run = decltype(run);
    const auto status = duk_safe_call(
        context,
        [](duk_context* ctx, void* data) -> duk_ret_t {
          (*static_cast<Run*>(data))(ctx);
          return 1;
        },
        &run, 0, 1);
    // The scripts catch their own errors; what comes out of them is the end of the budget.
    if (status == DUK_EXEC_SUCCESS && !fuel.exhausted) return true;
    fuel.exhausted = true;
    return false;
  }

  /// The mistake on top of the stack; nothing when something else is there.
  std::optional<Mistake> mistake() {
    if (!duk_is_object(context, -1)) return std::nullopt;
    Mistake out;
    duk_get_prop_string(context, -1, "mistake");
    duk_get_prop_string(context, -2, "line");
    duk_get_prop_string(context, -3, "column");
    out.text = from_cesu8(text_at(context, -3));
    out.line = duk_get_int(context, -2);
    out.column = duk_get_int(context, -1);
    duk_pop_3(context);
    return out;
  }
};

Engine::Engine() : heap_(std::make_unique<Heap>()) {
  heap_->context = duk_create_heap(allocate, reallocate, release, &heap_->fuel, die);
  if (heap_->context == nullptr) throw std::bad_alloc();
  heap_->fuel.fill(kForSetup);
  const auto status = duk_safe_call(
      heap_->context,
      [](duk_context* context, void* /*data*/) -> duk_ret_t {
        push(context, kHandlebars);
        duk_eval_noresult(context);
        push(context, kEngine);
        duk_eval(context);
        duk_get_global_string(context, "Handlebars");
        duk_call(context, 1);
        return 1;
      },
      nullptr, 0, 1);
  if (status != DUK_EXEC_SUCCESS) {
    const std::string what = duk_safe_to_string(heap_->context, -1);
    duk_destroy_heap(heap_->context);
    throw std::logic_error("the template engine does not start: " + what);
  }
}

Engine::~Engine() {
  heap_->fuel.fill(kForSetup);
  duk_destroy_heap(heap_->context);
}

std::variant<int, Mistake, Exhausted> Engine::compile(const std::string& text, Format format) {
  const std::string source = to_cesu8(text);
  const bool done = heap_->call("compile", kForCompile, [&](duk_context* context) {
    push(context, source);
    push(context, name_of(format));
    return 2;
  });
  if (!done) return Exhausted{};
  std::variant<int, Mistake, Exhausted> answer;
  if (auto mistake = heap_->mistake()) {
    answer = *std::move(mistake);
  } else {
    answer = duk_get_int(heap_->context, -1);
  }
  duk_pop(heap_->context);
  return answer;
}

std::variant<std::string, Mistake, Exhausted> Engine::render(int compiled,
                                                             const std::string& values) {
  const std::string json = to_cesu8(values);
  const bool done = heap_->call("render", kForRender, [&](duk_context* context) {
    duk_push_int(context, compiled);
    push(context, json);
    return 2;
  });
  if (!done) return Exhausted{};
  std::variant<std::string, Mistake, Exhausted> answer;
  if (auto mistake = heap_->mistake()) {
    answer = *std::move(mistake);
  } else {
    answer = from_cesu8(text_at(heap_->context, -1));
  }
  duk_pop(heap_->context);
  return answer;
}

}  // namespace tocsin::render

/// Asked by Duktape (cmake/duk_config.h) while a script runs.
extern "C" int tocsin_render_must_stop(void* fuel) {
  auto& left = *static_cast<tocsin::render::Fuel*>(fuel);
  if (left.exhausted || left.checks_left == 0) {
    left.exhausted = true;
    return 1;
  }
  if (left.checks_left != tocsin::render::kUnbounded) --left.checks_left;
  return 0;
}
