#pragma once

#include <string_view>

namespace phalanx::base {

/// A broken invariant: says where and what on standard error, then aborts. For faults of ours only, never
/// for anything an outsider can cause. (The places are builtins because clang 14, which checks and fuzzes the
/// code, has no std::source_location with this library.)
[[noreturn]] void panic(std::string_view what, const char* file = __builtin_FILE(),
                        int line = __builtin_LINE());

}  // namespace phalanx::base
