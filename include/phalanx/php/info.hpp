#pragma once

#include <string>
#include <string_view>

#include "phalanx/base/result.hpp"

namespace phalanx::php {

// What php-fpm's options print, each ready for standard output. PHP must have been started, no request runs.

/// -v: PHP's version with Phalanx's at the end of its first line, copyright, Zend extensions.
[[nodiscard]] std::string version_text();
/// PHP's version, and whether clients may see it (expose_php).
struct Identity {
    std::string_view version;
    bool is_exposed;
};
[[nodiscard]] Identity identity();
/// The X-Powered-By header line with its CRLF as PHP sends it first in every answer; empty if expose_php is
/// off.
[[nodiscard]] std::string_view powered_by_line();

/// -m: the modules, sorted without regard to case, and the Zend extensions.
[[nodiscard]] std::string modules_text();
/// -i: phpinfo() as text.
[[nodiscard]] base::Result<std::string> info_text();

/// The paths of the ini files that were read, php.ini first, and of the libraries that are loaded, a line
/// each.
[[nodiscard]] std::string php_files_text();

/// The value of an ini entry as it stands, also of one that only php.ini knows; empty where unset.
[[nodiscard]] std::string ini_setting(std::string_view name);

/// Evaluates the right side of an ini line as php-fpm's configuration reader does: constants, the operators
/// | & ^ ~ !, ${NAME} (ini entry, else environment), quotes. An Error for what is not one value.
[[nodiscard]] base::Result<std::string> evaluate_ini_value(std::string_view text);

}  // namespace phalanx::php
