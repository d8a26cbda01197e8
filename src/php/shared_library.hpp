#pragma once

#include <string>
#include <string_view>

namespace phalanx::php {

// Debian's libphp8.2.so calls itself libphp.so, a link that another PHP version's package may take over. Then
// the loader would give this program a library that it was not built for.

/// The file, links followed, that a function was loaded from; empty: not known.
[[nodiscard]] std::string file_of(const void* function);

/// False where the file's name says that it is the library of another version ("libphp8.4.so" for 8.2). A
/// name without a version is believed.
[[nodiscard]] bool is_library_of(std::string_view file, int major, int minor);

}  // namespace phalanx::php
