#pragma once

#include <string>

namespace phalanx::base {

/// Why an operation that may fail did fail: a sentence for the log and, where a system call was the
/// cause, its errno.
struct Error {
    std::string message;
    int code = 0;  ///< errno of the system call behind it, 0 where none was

    /// The sentence as php-fpm logs it: with ": STRERROR (ERRNO)" appended when a code is set.
    [[nodiscard]] std::string text() const;
};

/// An Error that carries the errno of the system call that has just failed.
[[nodiscard]] Error system_error(std::string message);
[[nodiscard]] Error system_error(std::string message, int code);

}  // namespace phalanx::base
