#include "phalanx/base/panic.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

namespace phalanx::base {

void panic(std::string_view what, const char* file, int line) {
    fmt::print(stderr, "phalanx: broken invariant at {}:{}: {}\n", file, line, what);
    std::abort();
}

}  // namespace phalanx::base
