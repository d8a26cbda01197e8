#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "phalanx/base/result.hpp"

namespace phalanx::app {

/// Where the program that holds PHP is: beside this one (as in the build tree), or installed, in
/// ../lib/phalanx from here.
[[nodiscard]] base::Result<std::string> find_worker_program();

/// Replaces this process by the worker program in one of its helper modes, with the command line's PHP
/// options. Returns only if that fails.
[[nodiscard]] int become_worker_program(const std::string& mode, const CommandLine& line);

/// The ini files and libraries that a worker program reads, a path a line. Waits for it.
[[nodiscard]] base::Result<std::string> list_php_files(const std::string& program, const CommandLine& line);

/// Asks PHP what expressions of the configuration are worth: starts the worker program once, when the first
/// one is met, and talks to it over a pipe. For -t that program also says on standard error what PHP finds
/// wrong with php.ini and the extensions.
class PhpEvaluator {
  public:
    explicit PhpEvaluator(const CommandLine& line);
    ~PhpEvaluator();
    PhpEvaluator(const PhpEvaluator&) = delete;
    PhpEvaluator& operator=(const PhpEvaluator&) = delete;

    [[nodiscard]] base::Result<std::string> evaluate(std::string_view expression);

  private:
    struct Helper;
    [[nodiscard]] base::Result<void> start();
    const CommandLine& line_;
    std::unique_ptr<Helper> helper_;
};

}  // namespace phalanx::app
