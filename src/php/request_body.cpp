#include "request_body.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "zend_headers.hpp"

namespace phalanx::php {

void RequestBody::begin(RequestPort& port, std::int64_t content_length) noexcept {
    end();
    port_ = &port;
    source_ = Source::undecided;
    cut_ = false;
    left_ = content_length > 0 ? static_cast<std::size_t>(content_length) : 0;
}

void RequestBody::end() noexcept {
    if (file_ >= 0) close(file_);
    file_ = -1;
    source_ = Source::nothing;
}

void RequestBody::choose_source() {
    const auto name = port_->params().find("REQUEST_BODY_FILE");
    if (!name || name->empty()) {
        source_ = Source::connection;
        return;
    }
    file_ = open(name->data(), O_RDONLY | O_CLOEXEC);
    source_ = file_ >= 0 ? Source::file : Source::nothing;
    if (file_ < 0) {
        const int code = errno;
        php_error(E_WARNING, "REQUEST_BODY_FILE: open('%s') failed: %s (%d)", name->data(),
                  std::strerror(code), code);
    }
}

std::size_t RequestBody::read_once(std::span<char> room) const noexcept {
    if (source_ == Source::connection) return port_->read_body(room);
    if (source_ != Source::file) return 0;
    ssize_t got = 0;
    do {
        got = ::read(file_, room.data(), room.size());
    } while (got < 0 && errno == EINTR);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::size_t RequestBody::read(std::span<char> room) {
    if (source_ == Source::undecided) choose_source();
    const std::size_t wanted = std::min(room.size(), left_);
    std::size_t filled = 0;
    while (filled < wanted) {
        const std::size_t got = std::min(read_once(room.subspan(filled, wanted - filled)), wanted - filled);
        if (got == 0) break;
        filled += got;
    }
    if (filled < wanted && source_ == Source::connection) cut_ = port_->body_was_cut();
    left_ -= filled;
    return filled;
}

}  // namespace phalanx::php
