#include "php_fpm_comparison.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>

namespace phalanx::config::testing {
namespace {

constexpr const char* php_fpm = PHALANX_TEST_PHP_FPM;

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    std::istringstream stream{std::string(text)};
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// What php-fpm -tt writes, without times; its complaints about the language get our file and line.
std::vector<std::string> php_fpm_says(const std::string& file, int syntax_error_line) {
    const std::string command = std::string(php_fpm) + " -tt -n -y " + file + " 2>&1";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
    std::string output;
    std::array<char, 4096> block{};
    while (const std::size_t count = std::fread(block.data(), 1, block.size(), pipe.get())) {
        output.append(block.data(), count);
    }
    std::vector<std::string> said;
    for (std::string line : lines_of(output)) {
        if (line.starts_with("[")) line.erase(0, line.find("] ") + 2);
        const std::size_t where = line.find(" in Unknown on line");
        if (line.starts_with("PHP:") && where != std::string::npos) {
            line = "ERROR: " + line.substr(0, where) + " in " + file + " on line " +
                   std::to_string(syntax_error_line);
        }
        if (line.empty() || line.ends_with("FPM initialization failed") ||
            line.ends_with("test is successful"))
            continue;
        said.push_back(line);
    }
    return said;
}

LoadOptions real_options(const std::string& file) {
    LoadOptions options;
    options.file = file;
    options.purpose = Purpose::test;
    options.running_as_root = true;
    options.open_log = create_log_file;
    options.identities.user = [](const std::string& name) -> std::optional<IdentityLookup::User> {
        const passwd* entry = ::getpwnam(name.c_str());
        if (entry == nullptr) return std::nullopt;
        return IdentityLookup::User{entry->pw_uid, entry->pw_gid};
    };
    options.identities.group = [](const std::string& name) -> std::optional<gid_t> {
        const group* entry = ::getgrnam(name.c_str());
        return entry == nullptr ? std::nullopt : std::optional(entry->gr_gid);
    };
    return options;
}

std::vector<std::string> we_say(const std::string& file) {
    const LoadResult result = load(real_options(file));
    std::vector<std::string> said;
    for (const std::string& text : texts(result)) {
        // The second line about an unknown name is ours alone.
        if (text.find("the nearest known directive") == std::string::npos &&
            text.find("belongs to") == std::string::npos && text.find("takes no key") == std::string::npos &&
            text.find("is written") == std::string::npos) {
            said.push_back(text);
        }
    }
    if (result.settings) {
        for (const std::string& line : dump(*result.settings)) said.push_back("NOTICE: " + line);
    }
    return said;
}

}  // namespace

void PhpFpmDifference::SetUp() {
    if (::access(php_fpm, X_OK) != 0) GTEST_SKIP() << "php-fpm is not installed";
    if (::geteuid() != 0) GTEST_SKIP() << "not running as root";
    if (::getpwnam("www-data") == nullptr) GTEST_SKIP() << "there is no user www-data";
}

void PhpFpmDifference::compare(std::string_view global, std::string_view pool) {
    const std::string log = folder_.path("error.log");
    std::string content = "[global]\nerror_log = " + log + "\n" + std::string(global) + "\n";
    content.append(sound_pool).append(pool);
    compare_file(content);
}

void PhpFpmDifference::compare_file(const std::string& content) {
    SCOPED_TRACE(content);
    compare_existing(folder_.write("case" + std::to_string(++cases_) + ".conf", content));
}

void PhpFpmDifference::compare_existing(const std::string& file) {
    const auto ours = we_say(file);
    int line = 0;
    for (const std::string& text : ours) {
        const std::size_t at = text.rfind(" on line ");
        if (text.find("PHP:") != std::string::npos && at != std::string::npos)
            line = std::atoi(text.c_str() + at + 9);
    }
    EXPECT_THAT(ours, ::testing::ElementsAreArray(php_fpm_says(file, line)));
}

}  // namespace phalanx::config::testing
