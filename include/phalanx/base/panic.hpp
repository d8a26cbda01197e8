#pragma once

#include <source_location>
#include <string_view>

namespace phalanx::base {

/// A broken invariant: says where and what on standard error, then aborts. For faults of ours only, never
/// for anything an outsider can cause.
[[noreturn]] void panic(std::string_view what,
                        const std::source_location& where = std::source_location::current());

}  // namespace phalanx::base
