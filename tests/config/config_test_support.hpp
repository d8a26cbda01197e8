#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/config/dump.hpp"
#include "phalanx/config/load.hpp"

namespace phalanx::config::testing {

/// A folder that goes away with the test.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "phalanx_config_XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
    [[nodiscard]] const std::string& path() const { return path_; }

    std::string write(std::string_view name, std::string_view content) const {
        const std::string file = path(name);
        std::filesystem::create_directories(std::filesystem::path(file).parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

  private:
    std::string path_;
};

/// The beginning of a sound pool called www.
inline constexpr std::string_view sound_pool =
    "[www]\nuser = www-data\nlisten = /tmp/www.sock\npm = static\npm.max_children = 2\n";

/// Options under which nothing of the machine is asked.
inline LoadOptions plain_options(std::string file) {
    LoadOptions options;
    options.file = std::move(file);
    options.purpose = Purpose::test;
    options.running_as_root = true;
    options.environment = [](const std::string& name) -> std::optional<std::string> {
        static const std::map<std::string, std::string> variables{
            {"HOME", "/root"}, {"COUNT", "7"}, {"ANSWER", "yes"}, {"SHOUT", "YES"}, {"EMPTY", ""}};
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    return options;
}

inline std::vector<std::string> texts(const LoadResult& result) {
    std::vector<std::string> all;
    for (const Diagnostic& each : result.diagnostics) {
        all.push_back(std::string(level_name(each.level)) + ": " + each.text);
    }
    return all;
}

}  // namespace phalanx::config::testing
