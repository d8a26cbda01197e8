#include "cgi_module.hpp"

#include "functions.hpp"
#include "request_state.hpp"

namespace phalanx::php {

CgiSettings cgi_settings;

namespace {

// clang-format off
PHP_INI_BEGIN()
    STD_PHP_INI_BOOLEAN("cgi.rfc2616_headers", "0", PHP_INI_ALL, OnUpdateBool, rfc2616_headers, CgiSettings, cgi_settings)
    STD_PHP_INI_BOOLEAN("cgi.nph", "0", PHP_INI_ALL, OnUpdateBool, nph, CgiSettings, cgi_settings)
    STD_PHP_INI_BOOLEAN("cgi.force_redirect", "1", PHP_INI_SYSTEM, OnUpdateBool, force_redirect, CgiSettings, cgi_settings)
    STD_PHP_INI_ENTRY("cgi.redirect_status_env", nullptr, PHP_INI_SYSTEM, OnUpdateString, redirect_status, CgiSettings, cgi_settings)
    STD_PHP_INI_BOOLEAN("cgi.fix_pathinfo", "1", PHP_INI_SYSTEM, OnUpdateBool, fix_pathinfo, CgiSettings, cgi_settings)
    STD_PHP_INI_BOOLEAN("cgi.discard_path", "0", PHP_INI_SYSTEM, OnUpdateBool, discard_path, CgiSettings, cgi_settings)
    STD_PHP_INI_BOOLEAN("fastcgi.logging", "1", PHP_INI_SYSTEM, OnUpdateBool, logging, CgiSettings, cgi_settings)
    STD_PHP_INI_ENTRY("fastcgi.error_header", nullptr, PHP_INI_SYSTEM, OnUpdateString, error_header, CgiSettings, cgi_settings)
    STD_PHP_INI_ENTRY("fpm.config", nullptr, PHP_INI_SYSTEM, OnUpdateString, configuration, CgiSettings, cgi_settings)
PHP_INI_END()
// clang-format on

zend_result start_module(int type, int module_number) {
    zend_register_ini_entries_ex(ini_entries, module_number, type);
    return SUCCESS;
}

zend_result stop_module(int type, int module_number) {
    zend_unregister_ini_entries_ex(module_number, type);
    return SUCCESS;
}

/// The answer is complete. What the script left unread of the body is not worth waiting for before the client
/// gets its end; the engine would read all of it.
zend_result after_request() {
    if (Request* const request = running_request()) request->body.end();
    return SUCCESS;
}

void show_module(zend_module_entry* module) {
    php_info_print_table_start();
    php_info_print_table_row(2, "php-fpm", "active");
    php_info_print_table_end();
    display_ini_entries(module);
}

zend_module_entry make_module() {
    zend_module_entry module{};
    module.size = sizeof(zend_module_entry);
    module.zend_api = ZEND_MODULE_API_NO;
    module.zend_debug = ZEND_DEBUG;
    module.zts = USING_ZTS;
    module.name = "cgi-fcgi";
    module.functions = cgi_functions;
    module.module_startup_func = start_module;
    module.module_shutdown_func = stop_module;
    module.info_func = show_module;
    module.post_deactivate_func = after_request;
    module.version = PHP_VERSION;
    module.build_id = ZEND_MODULE_BUILD_ID;
    return module;
}

}  // namespace

zend_module_entry cgi_module = make_module();

}  // namespace phalanx::php
