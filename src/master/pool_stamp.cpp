#include "pool_stamp.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace phalanx::master {
namespace {

/// A file as it is now: what an editor, a package or touch(1) changes about it.
std::string look_of(const std::string& path) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) return fmt::format("{} is not there\n", path);
    return fmt::format("{} {}:{} {} {}.{:09}\n", path, file.st_dev, file.st_ino, file.st_size,
                       file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

/// Empty: the program does not say which files it reads.
std::string look_of_program(const std::string& program, const Options& options) {
    const auto files = options.list_php_files(program);
    if (!files) return {};
    std::string look = look_of(program);
    std::string_view rest = *files;
    while (!rest.empty()) {
        const std::string_view path = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), path.size() + 1));
        look += look_of(std::string(path));
    }
    return look;
}

std::string bytes_of(const PoolPlan& pool) {
    const std::vector<std::byte> bytes = encode(Plan{{}, {}, {pool}});
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void stamp(Plan& plan, const Options& options) {
    std::map<std::string, std::string> looks;
    for (PoolPlan& pool : plan.pools) {
        const std::string& program =
            pool.settings.worker_program.empty() ? options.worker_program : pool.settings.worker_program;
        auto found = looks.find(program);
        if (found == looks.end()) found = looks.emplace(program, look_of_program(program, options)).first;
        if (!found->second.empty()) pool.stamp = found->second + bytes_of(pool);
    }
}

}  // namespace phalanx::master
