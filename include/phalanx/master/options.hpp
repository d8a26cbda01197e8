#pragma once

#include <string>
#include <vector>

namespace phalanx::master {

/// What the command line says to the master beyond the configuration file.
struct Options {
    std::string ini_path;                  ///< -c
    bool ignore_ini = false;               ///< -n
    bool extended_info = false;            ///< -e
    std::vector<std::string> ini_defines;  ///< -d
    std::string worker_program;            ///< the program that holds PHP
};

}  // namespace phalanx::master
