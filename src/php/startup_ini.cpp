#include "startup_ini.hpp"

#include <sys/stat.h>

#include <cctype>
#include <cstdlib>

#include "pool_values.hpp"
#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

constexpr const char* scan_variable = "PHP_INI_SCAN_DIR";

bool is_directory(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_file(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

/// An ini text that means the value and nothing else.
std::string quoted(std::string_view value) {
    if (value.find('\'') == std::string_view::npos) return "'" + std::string(value) + "'";
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + '"';
}

/// php-fpm's -d: a bare name is switched on; a value that starts like none of the simple ones is quoted.
std::string define_line(const std::string& define) {
    const std::size_t equals = define.find('=');
    if (equals == std::string::npos) return define + "=1\n";
    const std::string value = define.substr(equals + 1);
    const bool simple = value.empty() || std::isalnum(static_cast<unsigned char>(value[0])) != 0 ||
                        value[0] == '"' || value[0] == '\'';
    return simple ? define + "\n" : define.substr(0, equals + 1) + '"' + value + "\"\n";
}

}  // namespace

std::string default_ini_directory() {
    const std::string directory =
        "/etc/php/" + std::to_string(PHP_MAJOR_VERSION) + "." + std::to_string(PHP_MINOR_VERSION) + "/fpm";
    return is_directory(directory) ? directory : std::string();
}

std::string ini_place(const EngineOptions& options, const std::string& default_directory) {
    if (!options.ini_path.empty()) return options.ini_path;
    if (options.ignore_ini || default_directory.empty()) return {};
    const char* const rc = std::getenv("PHPRC");
    if (rc == nullptr || *rc == '\0') return default_directory;
    // A file is taken as it is; anything else is searched before the default directory.
    return is_file(rc) ? std::string(rc) : std::string(rc) + ":" + default_directory;
}

std::string overriding_ini_lines(const EngineOptions& options) {
    std::string lines;
    for (const std::string& define : options.defines) lines += define_line(define);
    for_each_in_order(options.pool_values, [&lines](const config::PhpValue& value) {
        if (is_extension(value) && !is_builtin_extension(value))
            lines += value.name + "=" + quoted(value.value) + "\n";
    });
    return lines;
}

ScanDirectory::ScanDirectory(const std::string& default_directory) {
    if (default_directory.empty()) return;
    const char* const given = std::getenv(scan_variable);
    if (given != nullptr) old_ = given;
    if (old_ && old_->empty()) return;  // set and empty: nothing is scanned
    const std::string ours = default_directory + "/conf.d";
    std::string list;
    std::string_view rest = old_ ? std::string_view(*old_) : std::string_view();
    for (;;) {
        const std::size_t colon = rest.find(':');
        const std::string_view item = rest.substr(0, colon);
        list += item.empty() ? std::string_view(ours) : item;
        if (colon == std::string_view::npos) break;
        list += ':';
        rest.remove_prefix(colon + 1);
    }
    changed_ = setenv(scan_variable, list.c_str(), 1) == 0;
}

ScanDirectory::~ScanDirectory() {
    if (!changed_) return;
    if (old_) {
        setenv(scan_variable, old_->c_str(), 1);
    } else {
        unsetenv(scan_variable);
    }
}

}  // namespace phalanx::php
