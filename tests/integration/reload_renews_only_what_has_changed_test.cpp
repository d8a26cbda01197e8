#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class ReloadOfChanges : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it has no such directive");
        site().global().set("reload.scope", "changed");
        site().add_pool("second");
        site().script("x.php", "<?php echo getenv('COLOUR') ?: 'none', ini_get('memory_limit');");
        std::ofstream(site().files() / "php.ini") << "memory_limit = 40M\n";
        std::filesystem::create_directory(site().files() / "conf.d");
        site().start_options().arguments = {"-c", (site().files() / "php.ini").string()};
        site().start_options().environment = {{"PHP_INI_SCAN_DIR", (site().files() / "conf.d").string()}};
    }
    /// Templates and workers.
    std::vector<pid_t> processes(const char* pool) {
        std::vector<pid_t> all = site().daemon().workers(pool);
        const auto templates = site().daemon().templates(pool);
        all.insert(all.end(), templates.begin(), templates.end());
        std::sort(all.begin(), all.end());
        return all;
    }
    void start() {
        site().start();
        // A worker has its template's title for a moment.
        for (const char* pool : {"www", "second"})
            ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers(pool).size() == 2; }));
        first_ = processes("www");
        second_ = processes("second");
    }
    bool are_renewed(const char* pool, const std::vector<pid_t>& former) {
        return eventually(kPatience, [&] {
            return site().daemon().workers(pool).size() == 2 && site().daemon().templates(pool).size() == 1 &&
                   std::none_of(former.begin(), former.end(), [](pid_t pid) { return is_alive(pid); });
        });
    }

    std::vector<pid_t> first_;
    std::vector<pid_t> second_;
};

TEST_F(ReloadOfChanges, LeavesUnchangedPoolsAlone) {
    start();
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(processes("www"), first_);
    EXPECT_EQ(processes("second"), second_);
    site().pool("second").set("env[COLOUR]", "blue");
    FastCgiClient kept(site().address());
    EXPECT_EQ(kept.exchange(site().request("/x.php").keep_connection()).body(), "none40M");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(are_renewed("second", second_)) << site().daemon().log();
    EXPECT_EQ(processes("www"), first_);
    EXPECT_EQ(kept.exchange(site().request("/x.php").keep_connection()).body(), "none40M");
    EXPECT_EQ(site().get("/x.php", "second").body(), "blue40M");
}

TEST_F(ReloadOfChanges, StartsAddedPoolsAndDrainsRemovedOnes) {
    start();
    site().drop_pool("second");
    site().add_pool("third").set("env[COLOUR]", "green");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php", "third").body(), "green40M");
    EXPECT_TRUE(eventually(kPatience, [&] { return processes("second").empty(); }));
    EXPECT_EQ(processes("www"), first_);
}

TEST_F(ReloadOfChanges, RenewsAllWhenAnIniFileHasChanged) {
    start();
    std::ofstream(site().files() / "php.ini") << "memory_limit = 50M\n";
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(are_renewed("www", first_)) << site().daemon().log();
    EXPECT_TRUE(are_renewed("second", second_));
    EXPECT_EQ(site().get("/x.php").body(), "none50M");
    // A file that is new in the scanned folder, and one that is only touched.
    first_ = processes("www");
    std::ofstream(site().files() / "conf.d" / "a.ini") << "memory_limit = 60M\n";
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(are_renewed("www", first_)) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "none60M");
    first_ = processes("www");
    const timespec later[2] = {{2'000'000'000, 0}, {2'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (site().files() / "conf.d" / "a.ini").c_str(), later, 0), 0);
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(are_renewed("www", first_)) << site().daemon().log();
}

/// As after an update of a library.
TEST_F(ReloadOfChanges, RenewsAllWhenAnExtensionHasChanged) {
    const std::filesystem::path installed = "/usr/lib/php/20220829/tokenizer.so";
    if (!std::filesystem::exists(installed)) GTEST_SKIP() << installed << " is not there";
    const auto library = site().files() / "tokenizer.so";
    std::filesystem::copy_file(installed, library);
    std::ofstream(site().files() / "php.ini", std::ios::app) << "extension = " << library.string() << "\n";
    start();
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(processes("www"), first_);
    const timespec later[2] = {{2'000'000'000, 0}, {2'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, library.c_str(), later, 0), 0);
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(are_renewed("www", first_)) << site().daemon().log();
}

TEST_F(ReloadOfChanges, RenewsThePoolsOfAWorkerProgramThatIsNew) {
    const auto program = site().files() / "phalanx-php8.2";
    std::filesystem::copy_file(site().start_options().program.path.parent_path() / "phalanx-php8.2", program);
    site().pool().set("worker_program", program.string());
    start();
    const timespec later[2] = {{2'000'000'000, 0}, {2'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, program.c_str(), later, 0), 0);
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(are_renewed("www", first_)) << site().daemon().log();
    EXPECT_EQ(processes("second"), second_);
}

TEST_F(ReloadOfChanges, RenewsAPoolWhoseSocketIsGone) {
    start();
    std::filesystem::remove(site().address().host());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "none40M");
    EXPECT_EQ(processes("second"), second_);
}

TEST_F(ReloadOfChanges, OpensTheAccessLogAnew) {
    const auto log = site().files() / "access.log";
    site().pool().set("access.log", log.string());
    start();
    EXPECT_EQ(site().get("/x.php").status(), 200);
    std::filesystem::rename(log, site().files() / "former.log");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(processes("www"), first_);
    EXPECT_EQ(site().get("/x.php").status(), 200);
    EXPECT_TRUE(eventually(kPatience, [&] { return std::filesystem::file_size(log) > 0; }));
}

TEST_F(ReloadOfChanges, IsNotWhatIsDoneUnlessAskedFor) {
    site().global().remove("reload.scope");
    start();
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(are_renewed("www", first_)) << site().daemon().log();
}

}  // namespace
}  // namespace phalanx::harness
