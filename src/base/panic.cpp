#include "phalanx/base/panic.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

namespace phalanx::base {

void panic(std::string_view what, const std::source_location& where) {
    fmt::print(stderr, "phalanx: broken invariant at {}:{} ({}): {}\n", where.file_name(), where.line(),
               where.function_name(), what);
    std::abort();
}

}  // namespace phalanx::base
