#pragma once

#include <optional>
#include <string>

#include "phalanx/php/engine.hpp"

namespace phalanx::php {

/// The directory whose php.ini and conf.d hold where the command line names none: php-fpm's of this PHP
/// version, empty where that does not exist and libphp's built-in place is to hold.
[[nodiscard]] std::string default_ini_directory();

/// What PHP is to take for the place of php.ini: -c, else PHPRC before the default; empty: its built-in one.
[[nodiscard]] std::string ini_place(const EngineOptions& options, const std::string& default_directory);

/// The ini lines that stand above php.ini: the -d options, then the pool's extensions.
[[nodiscard]] std::string overriding_ini_lines(const EngineOptions& options);

/// Puts the default directory's conf.d into PHP_INI_SCAN_DIR for the time of PHP's start, as what an empty
/// item there (or its absence) stands for, since libphp knows only its own; gives the old value back.
class ScanDirectory {
  public:
    explicit ScanDirectory(const std::string& default_directory);
    ~ScanDirectory();
    ScanDirectory(const ScanDirectory&) = delete;
    ScanDirectory& operator=(const ScanDirectory&) = delete;

  private:
    bool changed_ = false;
    std::optional<std::string> old_;
};

}  // namespace phalanx::php
