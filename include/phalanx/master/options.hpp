#pragma once

#include <functional>
#include <string>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/config/load.hpp"

namespace phalanx::master {

/// What the command line says to the master beyond the configuration file, and how it is read again.
struct Options {
    std::string ini_path;                   ///< -c
    bool ignore_ini = false;                ///< -n
    bool extended_info = false;             ///< -e
    std::vector<std::string> ini_defines;   ///< -d
    std::string worker_program;             ///< the program that holds PHP
    std::vector<std::string> command_line;  ///< as the program was called, its name included
    /// Reads the configuration anew; may wait, and is called in a process of its own.
    std::function<config::LoadResult()> read_configuration;
    /// The ini files and libraries that a worker program reads, a path a line; may wait.
    std::function<base::Result<std::string>(const std::string& program)> list_php_files;
    /// Limits this process as these settings say (rlimit_files, rlimit_core).
    std::function<base::Result<void>(const config::GlobalSettings&)> limit;
    /// Sends the error log where these settings want it, and limits this process.
    std::function<base::Result<void>(const config::GlobalSettings&)> apply;
};

}  // namespace phalanx::master
