#include "phalanx/base/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace phalanx::base {

std::string Error::text() const {
    if (code == 0) return message;
    return fmt::format("{}: {} ({})", message, std::generic_category().message(code), code);
}

Error system_error(std::string message) {
    return system_error(std::move(message), errno);
}

Error system_error(std::string message, int code) {
    return Error{std::move(message), code};
}

}  // namespace phalanx::base
