#include "harness/site.hpp"

#include <unistd.h>

#include <stdexcept>

namespace phalanx::harness {

Site::Site(const DaemonProgram& program) : Site(program, {}) {
    root_ = files_ / "site";
    std::filesystem::create_directories(root_);
}

Site::Site(const DaemonProgram& program, std::filesystem::path document_root)
    : root_(std::move(document_root)) {
    start_.program = program;
    start_.config = files_ / "php-fpm.conf";
    start_.log = files_ / "log";
    global().set("error_log", (files_ / "error.log").string()).set("daemonize", "no");
    add_pool("www");
}

Section& Site::add_pool(std::string_view name) {
    Section& pool = config_.pool(name);
    pool.set("listen", (files_ / (std::string(name) + ".sock")).string());
    if (::geteuid() == 0) {
        for (const char* key : {"user", "group", "listen.owner", "listen.group"}) pool.set(key, "www-data");
    }
    return pool.set("pm", "static").set("pm.max_children", "2");
}

void Site::with_opcache() {
    start_.arguments.insert(start_.arguments.end(), {"-d", "zend_extension=opcache.so"});
}

std::filesystem::path Site::script(std::string_view name, std::string_view code) const {
    const std::filesystem::path inside = root_.lexically_relative(files_.path()) / name;
    return files_.write(inside.string(), code);
}

Daemon& Site::launch() {
    files_.write("php-fpm.conf", config_.text());
    daemon_ = std::make_unique<Daemon>(start_);
    return *daemon_;
}

Daemon& Site::start() {
    if (!launch().wait_until_ready())
        throw std::runtime_error("the daemon did not start:\n" + daemon_->log());
    return *daemon_;
}

bool Site::reload(std::string_view expected, int signal) {
    files_.write("php-fpm.conf", config_.text());
    const std::size_t said = daemon_->log().size();
    daemon_->signal(signal);
    return eventually(kPatience, [&] { return daemon_->log().find(expected, said) != std::string::npos; });
}

Address Site::address(std::string_view name) {
    const std::string listen = pool(name).value("listen");
    return Address::parse(listen);
}

Answer Site::get(std::string_view target, std::string_view pool) {
    return ask(address(pool), request(target));
}

void SiteTest::SetUp() {
    const auto program = driven_daemon();
    if (!program) GTEST_SKIP() << "the daemon is not built; PHALANX_BINARY can name one";
    site_ = std::make_unique<Site>(*program);
}

}  // namespace phalanx::harness
