#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "memory_port.hpp"
#include "phalanx/php/engine.hpp"
#include "phalanx/php/info.hpp"

namespace phalanx::php {
namespace {

using config::PhpValue;
using testing::HasSubstr;
constexpr auto admin = PhpValue::Kind::admin_value;

/// Each test starts PHP in a child process, which tells what it found over its standard output.
class StartTest : public testing::Test {
  protected:
    StartTest() {
        directory_ = (std::filesystem::temp_directory_path() / "phalanx-start-XXXXXX").string();
        if (mkdtemp(directory_.data()) == nullptr) std::abort();
        chmod(directory_.c_str(), 0755);
    }
    ~StartTest() override { std::filesystem::remove_all(directory_); }

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ + "/" + name) << text;
        return directory_ + "/" + name;
    }

    /// What the child writes until it ends.
    static std::string in_child(const std::function<std::string()>& tell) {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
        const pid_t child = fork();
        if (child == 0) {
            const std::string told = tell();
            const bool whole = write(ends[1], told.data(), told.size()) == static_cast<ssize_t>(told.size());
            _exit(whole ? 0 : 1);
        }
        close(ends[1]);
        std::string told;
        std::array<char, 4096> room{};
        for (ssize_t got = 0; (got = read(ends[0], room.data(), room.size())) > 0;) {
            told.append(room.data(), static_cast<std::size_t>(got));
        }
        close(ends[0]);
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
            << "the child ended with " << status << ": " << told;
        return told;
    }
    static ssize_t write(int fd, const void* data, std::size_t size) { return ::write(fd, data, size); }

    static bool keep_user(void*) noexcept { return true; }

    /// The body of an answer to this PHP text, from an engine with these options.
    std::string answer(const EngineOptions& options, const std::string& php,
                       BecomeUser become_user = keep_user) const {
        const std::string script = write("script.php", php);
        return in_child([&]() -> std::string {
            setenv("PHP_INI_SCAN_DIR", "", 1);
            const auto started = start_engine(options, become_user, nullptr);
            if (!started) return "error: " + started.error().text();
            apply_pool_values(options.pool_values);
            worker_started();
            MemoryPort port(
                {{"SCRIPT_FILENAME", script}, {"SCRIPT_NAME", "/script.php"}, {"REQUEST_METHOD", "GET"}});
            const RequestOutcome outcome = run_request(port, {});
            std::string told = port.body;
            for (const std::string& line : port.log_lines) told += "[" + line + "]";
            if (outcome != RequestOutcome::served)
                told += "[outcome " + std::to_string(static_cast<int>(outcome)) + "]";
            stop_engine();
            return told;
        });
    }

    std::string directory_;
};

TEST_F(StartTest, RefusesToStartAsRoot) {
    const std::string told = answer({.ignore_ini = true}, "ran", [](void*) noexcept { return false; });
    EXPECT_EQ(told, "error: PHP's start was given up: the process could not change its user");
}

TEST_F(StartTest, HearsNoIniWhereToldSo) {
    EXPECT_EQ(answer({.ignore_ini = true},
                     "<?php var_dump(php_ini_loaded_file(), php_ini_scanned_files()); echo "
                     "ini_get('display_errors');"),
              "bool(false)\nbool(false)\n1");
}

TEST_F(StartTest, ScansPhpFpmsDirectoryToo) {
    if (!std::filesystem::exists("/etc/php/8.2/fpm/conf.d")) GTEST_SKIP() << "no php-fpm here";
    const std::string script = write(
        "script.php",
        "<?php echo php_ini_loaded_file(), php_ini_scanned_files(), getenv('PHP_INI_SCAN_DIR') ?: 'unset';");
    const std::string told = in_child([&]() -> std::string {
        unsetenv("PHP_INI_SCAN_DIR");
        unsetenv("PHPRC");
        if (!start_engine({}, keep_user, nullptr)) return "failed";
        MemoryPort port({{"SCRIPT_FILENAME", script}, {"REQUEST_METHOD", "GET"}});
        static_cast<void>(run_request(port, {}));
        return port.body;
    });
    EXPECT_THAT(told, testing::StartsWith("/etc/php/8.2/fpm/php.ini"));
    EXPECT_THAT(told, HasSubstr("/etc/php/8.2/fpm/conf.d/"));
    EXPECT_THAT(told, testing::EndsWith("unset"));
    EXPECT_EQ(told.find("embed"), std::string::npos);
}

TEST_F(StartTest, HonoursAPhpIniThatOnlyRootMayRead) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    const std::string ini = write("php.ini", "disable_functions=soundex\n");
    chmod(ini.c_str(), 0600);
    const std::string told =
        answer({.ini_path = ini}, "<?php echo (int) function_exists('soundex');", [](void*) noexcept {
            return setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0;
        });
    EXPECT_EQ(told, "0");
}

TEST_F(StartTest, SetsOpcachesValuesBeforeItStarts) {
    const EngineOptions options = {
        .ini_path = write("php.ini", "zend_extension=opcache.so\nopcache.memory_consumption=64\n"),
        .defines = {"opcache.memory_consumption=32"},
        .pool_values = {{admin, "opcache.memory_consumption", "16"},
                        {admin, "opcache.memory_consumption", "24"}}};
    const std::string told =
        answer(options,
               "<?php $m = opcache_get_status()['memory_usage'];"
               "echo ($m['used_memory'] + $m['free_memory'] + $m['wasted_memory']) >> 20,"
               "ini_get('opcache.memory_consumption'), var_dump(ini_set('opcache.enable', '0'));");
    EXPECT_THAT(told, testing::StartsWith("1616"));
    EXPECT_EQ(told.find("Unable"), std::string::npos);
}

TEST_F(StartTest, LoadsThePoolsExtensionOnce) {
    const EngineOptions options = {
        .ini_path = write("php.ini", "display_errors=0\n"),
        .pool_values = {{admin, "zend_extension", "opcache.so"}, {admin, "extension", "ctype.so"}}};
    EXPECT_EQ(answer(options,
                     "<?php echo (int) extension_loaded('ctype'), (int) extension_loaded('Zend OPcache');"),
              "11");
}

TEST_F(StartTest, HasPcntlOnlyWhereThePoolAsksForIt) {
    constexpr const char* ask =
        "<?php echo (int) extension_loaded('pcntl'), (int) function_exists('pcntl_fork');";
    const std::string ini = write("php.ini", "display_errors=0\n");
    EXPECT_EQ(answer({.ini_path = ini}, ask), "00");
    EXPECT_EQ(answer({.ini_path = ini, .pool_values = {{admin, "extension", "pcntl"}}}, ask), "11");
    EXPECT_EQ(answer({.ini_path = ini, .pool_values = {{admin, "extension", "pcntl.so"}}}, ask), "11");
}

TEST_F(StartTest, KeepsDisabledFunctionsFromPreloadedCode) {
    const std::string preload = write("preload.php",
                                      "<?php file_put_contents(__DIR__ . '/seen', (int) "
                                      "function_exists('soundex') . (int) function_exists('metaphone'));");
    const EngineOptions options = {
        .ini_path = write("php.ini", "zend_extension=opcache.so\ndisable_functions=metaphone\n"),
        .pool_values = {{admin, "opcache.preload", preload},
                        {admin, "opcache.preload_user", "root"},
                        {admin, "disable_functions", "soundex"},
                        {admin, "disable_classes", "SplStack"}}};
    EXPECT_EQ(answer(options,
                     "<?php readfile(__DIR__ . '/seen'); echo (int) function_exists('soundex'), "
                     "ini_get('disable_functions');"),
              "000soundex");
}

TEST_F(StartTest, NamesTheProgram) {
    EXPECT_EQ(answer({.program = "/bin/true", .ignore_ini = true}, "<?php echo PHP_BINARY, PHP_SAPI;"),
              std::filesystem::canonical("/bin/true").string() + "fpm-fcgi");
}

TEST_F(StartTest, LeavesSignalHandlersOfTheWorkerAlone) {
    const std::string script = write("script.php", "<?php set_time_limit(5); echo 1;");
    const std::string told = in_child([&]() -> std::string {
        setenv("PHP_INI_SCAN_DIR", "", 1);
        if (!start_engine({.ignore_ini = true}, keep_user, nullptr)) return "failed";
        const auto ours = [](int) {};
        for (const int number : {SIGQUIT, SIGTERM, SIGUSR1, SIGHUP, SIGINT, SIGUSR2}) signal(number, ours);
        worker_started();
        MemoryPort port({{"SCRIPT_FILENAME", script}, {"REQUEST_METHOD", "GET"}});
        static_cast<void>(run_request(port, {}));
        std::string told_by_child;
        for (const int number : {SIGQUIT, SIGTERM, SIGUSR1, SIGHUP, SIGINT, SIGUSR2}) {
            struct sigaction action {};
            sigaction(number, nullptr, &action);
            told_by_child += action.sa_handler == static_cast<void (*)(int)>(ours) ? '1' : '0';
        }
        return told_by_child;
    });
    EXPECT_EQ(told, "111111");
}

}  // namespace
}  // namespace phalanx::php
