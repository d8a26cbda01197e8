#pragma once

#include <gtest/gtest.h>

#include <csignal>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/config_file.hpp"
#include "harness/daemon.hpp"
#include "harness/fastcgi_client.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {

/// A folder with scripts and the daemon that serves them. There is one pool from the start, "www": two static
/// workers on a Unix socket, as www-data where the test is root. PHP reads no php.ini unless a test says
/// otherwise.
class Site {
  public:
    explicit Site(const DaemonProgram& program);
    Site(const DaemonProgram& program, std::filesystem::path document_root);

    [[nodiscard]] ConfigFile& config() { return config_; }
    [[nodiscard]] Section& global() { return config_.global(); }
    [[nodiscard]] Section& pool(std::string_view name = "www") { return config_.pool(name); }
    [[nodiscard]] DaemonStart& start_options() { return start_; }
    [[nodiscard]] const TempDir& files() const { return files_; }
    [[nodiscard]] const std::filesystem::path& root() const { return root_; }

    /// Another pool with its own socket and the same settings as "www" has at first.
    Section& add_pool(std::string_view name);
    void drop_pool(std::string_view name) { config_.drop_pool(name); }
    /// Loads opcache, as it is in Debian's php.ini.
    void with_opcache();
    std::filesystem::path script(std::string_view name, std::string_view code) const;

    /// Writes the configuration and starts the daemon, without waiting for anything.
    Daemon& launch();
    /// As launch(), then waits until it is ready; throws std::runtime_error with its log when it does not get
    /// there.
    Daemon& start();
    /// Writes the configuration anew and asks the daemon to read it; true once it says that it is ready again
    /// (or, where `expected` is another line, says that). `signal` is USR2 or HUP.
    [[nodiscard]] bool reload(std::string_view expected = "ready to handle connections",
                              int signal = SIGUSR2);
    [[nodiscard]] Daemon& daemon() { return *daemon_; }
    /// Ends the daemon and everything it started.
    void end() { daemon_.reset(); }

    [[nodiscard]] Address address(std::string_view name = "www");
    [[nodiscard]] Request request(std::string_view target, std::string_view method = "GET") const {
        return make_request(method, root_.string(), target);
    }
    [[nodiscard]] Answer get(std::string_view target, std::string_view pool = "www");

  private:
    TempDir files_;
    std::filesystem::path root_;
    ConfigFile config_;
    DaemonStart start_;
    std::unique_ptr<Daemon> daemon_;
};

/// A test that needs the daemon; skipped where none is built.
class SiteTest : public testing::Test {
  protected:
    void SetUp() override;
    [[nodiscard]] Site& site() { return *site_; }
    [[nodiscard]] bool drives_phalanx() { return site_->start_options().program.is_phalanx; }

  private:
    std::unique_ptr<Site> site_;
};

}  // namespace phalanx::harness

/// For what only root may try or see.
#define SKIP_UNLESS_ROOT(why) \
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: " << (why)

/// For what Phalanx promises and php-fpm does otherwise (only met when PHALANX_BINARY names a php-fpm).
#define SKIP_UNLESS_PHALANX(what_php_fpm_does) \
    if (!drives_phalanx()) GTEST_SKIP() << "php-fpm differs: " << (what_php_fpm_does)
