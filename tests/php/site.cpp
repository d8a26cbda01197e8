#include "site.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "phalanx/php/engine.hpp"

namespace phalanx::php {
namespace {

std::string make_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "phalanx-php-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    return name;
}

std::string directory;
int times_given_up = 0;

bool become_user(void*) noexcept {
    ++times_given_up;
    return true;
}

std::string php_ini() {
    return "zend_extension=opcache.so\n"
           "opcache.revalidate_freq=0\n"
           "display_errors=0\nlog_errors=1\nhtml_errors=0\nexpose_php=0\n"
           "memory_limit=32M\npost_max_size=1M\n"
           "register_argc_argv=0\n"
           "session.save_path=" +
           directory +
           "\n"
           "[HOST=special.example]\nuser_agent=from-host\n"
           "[PATH=" +
           directory + "]\nuser_agent=from-path\n";
}

/// Starts PHP before the first test and removes its directory after the last.
class Engine : public testing::Environment {
  public:
    void SetUp() override {
        // Only our own php.ini: what else is installed here must not change the tests.
        setenv("PHP_INI_SCAN_DIR", "", 1);
        setenv("FROM_PROCESS", "process", 1);
        unsetenv("PHPRC");
        directory = make_directory();
        std::ofstream(directory + "/php.ini") << php_ini();
        EngineOptions options;
        options.program = "/proc/self/exe";
        options.ini_path = directory + "/php.ini";
        options.defines = {"user_ini.cache_ttl=0", "docref_root=/given by -d", "log_errors"};
        const auto started = start_engine(options, become_user, nullptr);
        ASSERT_TRUE(started) << started.error().text();
        worker_started();
    }
    void TearDown() override {
        stop_engine();
        std::filesystem::remove_all(directory);
    }
};

}  // namespace

Site::Site() : root_(make_directory()) {}
Site::~Site() {
    std::filesystem::remove_all(root_);
}

std::string Site::write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = std::filesystem::path(root_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
}

MemoryPort::Pairs PhpTest::get(const Pairs& more) const {
    Pairs pairs = {{"SCRIPT_FILENAME", site_.root() + "/index.php"},
                   {"QUERY_STRING", ""},
                   {"REQUEST_METHOD", "GET"},
                   {"CONTENT_TYPE", ""},
                   {"CONTENT_LENGTH", ""},
                   {"SCRIPT_NAME", "/index.php"},
                   {"REQUEST_URI", "/index.php"},
                   {"DOCUMENT_URI", "/index.php"},
                   {"DOCUMENT_ROOT", site_.root()},
                   {"SERVER_PROTOCOL", "HTTP/1.1"},
                   {"REQUEST_SCHEME", "http"},
                   {"GATEWAY_INTERFACE", "CGI/1.1"},
                   {"SERVER_SOFTWARE", "nginx/1.22.1"},
                   {"REMOTE_ADDR", "127.0.0.1"},
                   {"REMOTE_PORT", "4711"},
                   {"SERVER_ADDR", "127.0.0.1"},
                   {"SERVER_PORT", "80"},
                   {"SERVER_NAME", "localhost"},
                   {"REDIRECT_STATUS", "200"},
                   {"HTTP_HOST", "localhost"}};
    for (const auto& [name, value] : more) {
        const auto same = [&name = name](const auto& pair) { return pair.first == name; };
        const auto found = std::find_if(pairs.begin(), pairs.end(), same);
        if (found != pairs.end()) {
            found->second = value;
        } else {
            pairs.emplace_back(name, value);
        }
    }
    return pairs;
}

MemoryPort PhpTest::run(std::string_view php, const Pairs& more, const std::string& body) {
    // A name of its own for every text: opcache may still hold the last one.
    static int number = 0;
    const std::string name = "script" + std::to_string(++number) + ".php";
    const std::string path = site_.write(name, php);
    Pairs pairs = {{"SCRIPT_FILENAME", path}, {"SCRIPT_NAME", "/" + name}};
    pairs.insert(pairs.end(), more.begin(), more.end());
    MemoryPort port(get(pairs), body);
    outcome_ = serve(port);
    return port;
}

const std::string& engine_directory() {
    return directory;
}
int root_given_up() {
    return times_given_up;
}

}  // namespace phalanx::php

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    testing::AddGlobalTestEnvironment(new phalanx::php::Engine);
    return RUN_ALL_TESTS();
}
