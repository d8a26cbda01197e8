#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/php/request_port.hpp"

namespace phalanx::php {

/// How PHP is to be started; the first six are php-fpm's command line.
struct EngineOptions {
    std::string program{};               ///< argv[0] of the process, for PHP_BINARY
    std::string ini_path{};              ///< -c: file or directory; empty: php-fpm's place, else embed's
    bool ignore_ini = false;             ///< -n: no php.ini (but for one named by ini_path) and no conf.d
    std::vector<std::string> defines{};  ///< -d: "name=value" or "name", which means 1
    bool extended_info = false;          ///< -e: compile for debuggers and profilers
    /// Every php_value and php_admin_value of the pool, in file order. Those that only count before PHP
    /// starts (extension, zend_extension, opcache.*, apc.*) or that preloaded code must not escape
    /// (disable_functions, disable_classes) are set at once; apply_pool_values() sees to the others.
    std::vector<config::PhpValue> pool_values{};
};

/// Gives up root. Called exactly once, from inside PHP's start: php.ini and conf.d have been read (they may
/// be root's alone, and their disable_functions must hold), no extension has been loaded. False: the start
/// fails.
using BecomeUser = bool (*)(void* context) noexcept;

/// Starts PHP in this process, once; workers are forked from it afterwards. Preloading (opcache.preload)
/// happens here, as whoever `become_user` made of the process. The environment variables PHP_INI_SCAN_DIR and
/// PHPRC are heard as php-fpm hears them. An Error means that the process is good for nothing but to exit.
[[nodiscard]] base::Result<void> start_engine(const EngineOptions& options, BecomeUser become_user,
                                              void* context);

/// Ends PHP: extensions shut down, memory given back. Workers leave without it.
void stop_engine();

/// To be called once in a worker, after its fork, when it stands in its working directory and has installed
/// its signal handlers: PHP leaves those alone from then on, and comes back to this directory after scripts.
void worker_started();

/// The module pcntl is there, with which scripts change what signals do. Only where the pool asks for it
/// (php_admin_value[extension] = pcntl): libphp has it built in, php-fpm has it not.
[[nodiscard]] bool scripts_change_signals();

/// A script has set limits of this process (posix_setrlimit), which hold for the requests after it too.
[[nodiscard]] bool scripts_have_changed_limits();

/// Applies a pool's php_value and then its php_admin_value entries in this worker (php-fpm: the first entry
/// of a name wins; admin values can no longer be changed by scripts or .user.ini; "extension" loads,
/// "disable_functions" and "disable_classes" add). What cannot be set is reported as
/// "Unable to set php_value 'NAME'", level error, to the message sink, and passed over.
void apply_pool_values(std::span<const config::PhpValue> values);

/// Takes what PHP has to say while no request runs. Must not throw.
using MessageSink = void (*)(void* context, const Message& message) noexcept;

/// Replaces the sink; the first one writes "LEVEL: TEXT" lines to standard error, as php-fpm's workers do.
void set_message_sink(MessageSink sink, void* context);

}  // namespace phalanx::php
