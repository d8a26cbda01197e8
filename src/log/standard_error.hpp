#pragma once

#include "phalanx/log/error_log.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::log {

/// The process's standard error, once the error log leads it along: what libraries and crashes print then
/// stands in the log, as with php-fpm. It knows nothing of lines.
class StandardError {
  public:
    /// `fd` is another descriptor than 2 only in tests.
    explicit StandardError(int fd) : fd_(fd) {}
    [[nodiscard]] int fd() const { return fd_; }

    /// From now on follow() has an effect.
    void take(ErrorLog::Former former);
    /// Makes it lead to the same as the log's descriptor; nowhere where the log has none.
    void follow(int log) const;
    /// Makes it what it was before take(), if that was kept: for opening a path that names it.
    void restore() const;

  private:
    int fd_;
    bool taken_ = false;
    os::UniqueFd former_;
};

}  // namespace phalanx::log
