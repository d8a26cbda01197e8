#include "access_log_file.hpp"

#include <fmt/format.h>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {

base::Result<os::UniqueFd> open_access_log(log::ErrorLog& log, const config::PoolSettings& settings) {
    const std::string& path = settings.access_log;
    base::Result<os::UniqueFd> file = os::UniqueFd();
    if (path.empty()) return file;
    log.with_former_standard_error([&] { file = os::open_for_append(path); });
    if (!file)
        return base::system_error(fmt::format("failed to open access log ({})", path), file.error().code);
    return file;
}

}  // namespace phalanx::master
