#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "phalanx/fastcgi/params.hpp"

namespace phalanx::php {

/// What a path leads to, links followed.
enum class FileKind : std::uint8_t {
    absent,
    regular,
    directory,
    special  ///< a pipe, socket or device: opening it may wait for ever
};

/// The file system as the fix-up sees it, so that its rules can be tested without files.
class FileTest {
  public:
    virtual ~FileTest() = default;
    [[nodiscard]] virtual FileKind kind(const char* path) const noexcept = 0;
};

/// The ini entries that govern the fix-up.
struct FixupRules {
    bool fix_pathinfo = true;     ///< cgi.fix_pathinfo
    bool discard_path = false;    ///< cgi.discard_path, heard only without fix_pathinfo
    std::string_view doc_root{};  ///< doc_root, stands in for an absent DOCUMENT_ROOT
};

/// What the fix-up found. Views into the params, good until their next change.
struct ScriptLocation {
    /// False: the peer named neither SCRIPT_FILENAME nor PATH_TRANSLATED, and nothing was changed.
    bool named = false;
    /// The script's file; nothing where no usable one was named.
    std::optional<std::string_view> script_path{};
    /// What the path leads to is no file that could hold a script.
    bool special = false;
    /// SCRIPT_NAME as it stands afterwards (php-fpm: what status, ping and "%r" look at); data() is null
    /// where there is none.
    std::string_view request_uri{};
};

/// The longest path the fix-up looks for in the file system, in bytes (Linux: PATH_MAX).
inline constexpr std::size_t longest_script_path = 4095;

/// Brings SCRIPT_FILENAME, SCRIPT_NAME, PATH_INFO and PATH_TRANSLATED into the state that PHP programs
/// expect, as php-fpm does it: web servers differ in how they split "/index.php/extra", and Apache's proxy
/// modules prefix the file's name. What is replaced stays readable under ORIG_ and its name. Asks the file
/// system once for a plain request, else once for each "/" of the path.
ScriptLocation fix_environment(fastcgi::Params& params, const FixupRules& rules, const FileTest& files);

}  // namespace phalanx::php
