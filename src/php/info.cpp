#include "phalanx/php/info.hpp"

#include <link.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "sapi.hpp"
#include "zend_headers.hpp"

// libphp exports them, its headers do not show them (main/php_ini.c).
extern "C" {
extern char* php_ini_opened_path;
extern char* php_ini_scanned_files;  ///< divided by ",\n"
}

namespace phalanx::php {
namespace {

/// libphp, extensions, and what these need.
std::vector<std::string> loaded_libraries() {
    std::vector<std::string> paths;
    const auto add = [](dl_phdr_info* library, std::size_t, void* list) {
        // (The program itself has no name, the kernel's page no path.)
        const std::string_view name = library->dlpi_name != nullptr ? library->dlpi_name : "";
        if (name.starts_with('/')) static_cast<std::vector<std::string>*>(list)->emplace_back(name);
        return 0;
    };
    ::dl_iterate_phdr(add, &paths);
    return paths;
}

bool less_ignoring_case(const std::string& left, const std::string& right) {
    const auto less = [](unsigned char a, unsigned char b) { return std::tolower(a) < std::tolower(b); };
    return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(), less);
}

std::vector<std::string> module_names() {
    std::vector<std::string> names;
    zval* item = nullptr;
    ZEND_HASH_FOREACH_VAL(&module_registry, item) {
        names.emplace_back(static_cast<const zend_module_entry*>(Z_PTR_P(item))->name);
    }
    ZEND_HASH_FOREACH_END();
    return names;
}

std::vector<std::string> zend_extension_names() {
    std::vector<std::string> names;
    for (const zend_llist_element* element = zend_extensions.head; element != nullptr;
         element = element->next) {
        names.emplace_back(reinterpret_cast<const zend_extension*>(element->data)->name);
    }
    return names;
}

std::string lines_of(std::vector<std::string> names) {
    std::sort(names.begin(), names.end(), less_ignoring_case);
    std::string lines;
    for (const std::string& name : names) lines += name + "\n";
    return lines;
}

/// Runs phpinfo() as a request of its own, its output captured by the SAPI.
bool print_sections(int sections) {
    volatile bool printed = false;
    zend_first_try {
        if (php_request_startup() != FAILURE) {
            SG(headers_sent) = 1;
            SG(request_info).no_headers = true;
            php_print_info(sections);
            php_request_shutdown(nullptr);
            printed = true;
        }
    }
    zend_end_try();
    return printed;
}

std::string sections_text(int sections) {
    std::string text;
    SG(server_context) = nullptr;
    SG(request_info) = {};
    sapi_module.phpinfo_as_text = 1;
    capture_output(&text);
    const bool printed = print_sections(sections);
    capture_output(nullptr);
    sapi_module.phpinfo_as_text = 0;
    return printed ? text : std::string();
}

/// When libphp was built: only phpinfo() says it.
std::string build_date() {
    constexpr std::string_view label = "Build Date => ";
    const std::string text = sections_text(PHP_INFO_GENERAL);
    const std::size_t at = text.find(label);
    if (at == std::string::npos) return "unknown";
    const std::size_t begin = at + label.size();
    return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

std::string version_text() {
    std::string text =
        "PHP " PHP_VERSION " (fpm-fcgi) (built: " + build_date() + ") (Phalanx " PHALANX_VERSION ")\n";
    return text + "Copyright (c) The PHP Group\n" + get_zend_version();
}

Identity identity() {
    return {PHP_VERSION, PG(expose_php) != 0};
}

std::string_view powered_by_line() {
    constexpr std::string_view line = "X-Powered-By: PHP/" PHP_VERSION "\r\n";
    return PG(expose_php) ? line : std::string_view();
}

std::string modules_text() {
    return "[PHP Modules]\n" + lines_of(module_names()) + "\n[Zend Modules]\n" +
           lines_of(zend_extension_names()) + "\n";
}

base::Result<std::string> info_text() {
    std::string text = sections_text(static_cast<int>(PHP_INFO_ALL));
    if (text.empty()) return base::Error{"PHP could not describe itself"};
    return text;
}

std::string php_files_text() {
    std::string lines;
    if (php_ini_opened_path != nullptr) lines = std::string(php_ini_opened_path) + "\n";
    std::string_view rest = php_ini_scanned_files != nullptr ? php_ini_scanned_files : "";
    while (!rest.empty()) {
        const std::string_view path = rest.substr(0, rest.find(",\n"));
        rest.remove_prefix(std::min(rest.size(), path.size() + 2));
        lines += path;
        if (!lines.ends_with('\n')) lines += '\n';
    }
    for (const std::string& library : loaded_libraries()) lines += library + "\n";
    return lines;
}

}  // namespace phalanx::php
