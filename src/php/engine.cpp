#include "phalanx/php/engine.hpp"

#include <stdio_ext.h>

#include <cstdio>

#include "cgi_module.hpp"
#include "exec_guard.hpp"
#include "limit_watch.hpp"
#include "phalanx/base/panic.hpp"
#include "pool_values.hpp"
#include "sapi.hpp"
#include "server_variables.hpp"
#include "shared_library.hpp"
#include "startup_ini.hpp"
#include "time_limit.hpp"
#include "working_directory.hpp"
#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

/// What happens in the middle of PHP's start, where php.ini is known and no extension is loaded yet.
struct {
    BecomeUser become_user = nullptr;
    void* context = nullptr;
    std::span<const config::PhpValue> pool_values;
    int (*register_extensions)() = nullptr;
    bool reached = false;
    bool refused = false;
} turning_point;

/// The module that got the highest number, the order of registration being that of numbers.
zend_module_entry* last_module() {
    zend_module_entry* last = nullptr;
    zval* item = nullptr;
    ZEND_HASH_FOREACH_VAL(&module_registry, item) {
        auto* const module = static_cast<zend_module_entry*>(Z_PTR_P(item));
        if (last == nullptr || module->module_number > last->module_number) last = module;
    }
    ZEND_HASH_FOREACH_END();
    return last;
}

/// Takes back a module that libphp has and php-fpm has not, before it starts. The engine numbers modules by
/// their count, so the last one must take over the number that becomes free.
void withdraw_module(std::string_view name) {
    auto* const module =
        static_cast<zend_module_entry*>(zend_hash_str_find_ptr(&module_registry, name.data(), name.size()));
    if (module == nullptr) return;
    const int number = module->module_number;
    zend_unregister_functions(module->functions, -1, nullptr);
    zend_hash_str_del(&module_registry, name.data(), name.size());
    zend_module_entry* const last = last_module();
    if (last != nullptr && last->module_number > number) last->module_number = number;
}

int register_extensions_as_user() {
    turning_point.reached = true;
    apply_early_values(turning_point.pool_values);
    if (!turning_point.become_user(turning_point.context)) {
        turning_point.refused = true;
        return FAILURE;
    }
    const int result = turning_point.register_extensions();
    if (!asks_for_builtin_extension(turning_point.pool_values)) withdraw_module(builtin_extension);
    // Compiled into libphp, but not into php-fpm. This also closes the gaps in the table of functions, which
    // the engine expects to have none.
    zend_disable_functions("chroot");
    return result;
}

void install_turning_point(const EngineOptions& options, BecomeUser become_user, void* context) {
    turning_point.become_user = become_user;
    turning_point.context = context;
    turning_point.pool_values = options.pool_values;
    turning_point.register_extensions = php_register_internal_extensions_func;
    php_register_internal_extensions_func = register_extensions_as_user;
}

/// The texts that PHP reads during its start must live as long as it does.
struct {
    std::string program, ini_place, ini_lines;
} texts;

void prepare_sapi(const EngineOptions& options, const std::string& default_directory) {
    texts = {options.program, ini_place(options, default_directory), overriding_ini_lines(options)};
    sapi_module_struct& module = sapi();
    module.php_ini_ignore = options.ignore_ini ? 1 : 0;
    if (!texts.ini_place.empty()) module.php_ini_path_override = texts.ini_place.data();
    if (!texts.program.empty()) module.executable_location = texts.program.data();
    // Forgets ini_entries, so these come after it.
    sapi_startup(&module);
    module.ini_entries = texts.ini_lines.data();
}

}  // namespace

base::Result<void> start_engine(const EngineOptions& options, BecomeUser become_user, void* context) {
    if (turning_point.reached) base::panic("PHP can be started only once in a process");
    const std::string file = file_of(reinterpret_cast<const void*>(&php_module_startup));
    if (!is_library_of(file, PHP_MAJOR_VERSION, PHP_MINOR_VERSION)) {
        return base::Error{"'" + file + "' is not the library of PHP " + std::to_string(PHP_MAJOR_VERSION) +
                           "." + std::to_string(PHP_MINOR_VERSION) + ", which this program was built for"};
    }
    const std::string default_directory = default_ini_directory();
    zend_signal_startup();
    prepare_sapi(options, default_directory);
    install_turning_point(options, become_user, context);
    zend_result started = FAILURE;
    {
        const ScanDirectory scan(default_directory);
        started = php_module_startup(&sapi(), &cgi_module);
    }
    turning_point.pool_values = {};
    // What it displays of its troubles lies in this process still: it is worth a word if it was not logged.
    if (PG(log_errors)) __fpurge(stdout);
    (void)std::fflush(stdout);
    if (turning_point.refused)
        return base::Error{"PHP's start was given up: the process could not change its user"};
    if (started == FAILURE) return base::Error{"PHP could not be started"};
    if (!turning_point.reached) base::panic("PHP has loaded extensions without giving up root first");
    if (options.extended_info) CG(compiler_options) |= ZEND_COMPILE_EXTENDED_INFO;
    // Scripts run where we put them by one call of our own, see working_directory.hpp.
    SG(options) |= SAPI_OPTION_NO_CHDIR;
    install_environment_import();
    return {};
}

void stop_engine() {
    php_module_shutdown();
    sapi_shutdown();
}

bool scripts_change_signals() {
    return zend_hash_str_exists(&module_registry, builtin_extension.data(), builtin_extension.size());
}

void worker_started() {
    // Else every request would put the engine's handlers over ours, by seven system calls.
    SIGG(reset) = false;
    remember_working_directory();
    if (!scripts_change_signals()) keep_time_by_ticks();
    watch_limits();
    refuse_exec();
}

}  // namespace phalanx::php
