#include "standard_error.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace phalanx::log {

void StandardError::take(ErrorLog::Former former) {
    taken_ = true;
    if (former == ErrorLog::Former::kept) former_.reset(::fcntl(fd_, F_DUPFD_CLOEXEC, 3));
}

void StandardError::follow(int log) const {
    if (!taken_) return;
    if (log >= 0) {
        (void)::dup2(log, fd_);
        return;
    }
    const os::UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (nothing) (void)::dup2(nothing.get(), fd_);
}

void StandardError::restore() const {
    if (former_) (void)::dup2(former_.get(), fd_);
}

}  // namespace phalanx::log
