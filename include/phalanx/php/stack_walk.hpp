#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace phalanx::php {

/// Copies memory of a process that was forked from this one, so that everything PHP had at the fork has the
/// same address in both. False: there is nothing at the address.
using ReadMemory = std::function<bool(std::uintptr_t address, void* to, std::size_t size)>;

/// A function that is running, as php-fpm's slow log shows it.
struct StackFrame {
    std::uintptr_t address = 0;  ///< of its execute_data
    std::string function;  ///< "[INCLUDE_OR_EVAL]" for a file or eval(), "???" where that cannot be read
    std::string file;      ///< where it was called; "unknown" if no PHP code did
    std::uint32_t line = 0;
};

struct Stack {
    bool failed = false;             ///< the rest could not be read
    std::string script;              ///< the request's script, empty if there is none
    std::vector<StackFrame> frames;  ///< the newest first, without the top-level script
};

/// Walks the PHP stack of the other process, which goes on meanwhile: whatever is read may be garbage or gone
/// the next moment. Texts are cut at 1,023 bytes (php-fpm), and a walk that turns out to have been overtaken
/// is repeated a few times. At most `most` frames.
[[nodiscard]] Stack walk_stack(const ReadMemory& read, std::size_t most);

}  // namespace phalanx::php
