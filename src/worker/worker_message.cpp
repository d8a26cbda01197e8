#include "worker_message.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <iterator>

#include "phalanx/log/level.hpp"

namespace phalanx::worker {

// The first four of the error log's levels.
static_assert(static_cast<int>(php::MessageLevel::error) == static_cast<int>(log::Level::error));

std::string_view level_name(php::MessageLevel level) {
    return log::level_name(static_cast<log::Level>(level));
}

void write_message(php::MessageLevel level, std::string_view text, std::string_view mark) {
    if (level == php::MessageLevel::debug) return;
    const std::string_view name = level_name(level);
    const iovec line[] = {{const_cast<char*>(name.data()), name.size()},
                          {const_cast<char*>(": "), 2},
                          {const_cast<char*>(text.data()), text.size()},
                          {const_cast<char*>(mark.data()), mark.size()},
                          {const_cast<char*>("\n"), 1}};
    (void)!::writev(STDERR_FILENO, line, std::size(line));
}

}  // namespace phalanx::worker
