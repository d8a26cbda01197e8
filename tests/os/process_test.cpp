#include "phalanx/os/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "harness/temp_dir.hpp"
#include "os_test_support.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/pidfd.hpp"

namespace phalanx::os {
namespace {

using ::testing::HasSubstr;

/// Runs `/bin/sh -c SCRIPT` with its output in a pipe; what it has said at its end.
std::string output_of(const char* script, ProgramStart start = {}) {
    const auto output = make_pipe();
    start.path = "/bin/sh";
    start.arguments = {"sh", "-c", script};
    start.descriptors.push_back({output->write_end.get(), 1});
    const auto child = start_program(start);
    EXPECT_TRUE(child) << child.error().text();
    auto write_end = std::move(const_cast<Pipe&>(*output).write_end);
    write_end.reset();
    std::string said = read_to_end(output->read_end.get());
    ::waitpid(child->pid, nullptr, 0);
    return said;
}

/// A program that lives until its standard input ends.
class Cat {
  public:
    explicit Cat(std::vector<ProgramStart::Placed> more = {}) {
        auto pipe = make_pipe();
        ProgramStart start;
        start.path = "/bin/cat";
        start.arguments = {"cat"};
        start.descriptors = std::move(more);
        start.descriptors.push_back({pipe->read_end.get(), 0});
        auto started = start_program(start);
        EXPECT_TRUE(started) << started.error().text();
        child_ = *std::move(started);
        input_ = std::move(pipe->write_end);
    }
    ~Cat() {
        input_.reset();
        ::waitpid(child_.pid, nullptr, 0);
    }
    Cat(const Cat&) = delete;
    Cat& operator=(const Cat&) = delete;
    [[nodiscard]] const Child& child() const { return child_; }
    [[nodiscard]] std::string proc(const std::string& name) const {
        return harness::read_file("/proc/" + std::to_string(child_.pid) + "/" + name);
    }

  private:
    Child child_;
    UniqueFd input_;
};

TEST(StartProgram, GivesArgumentsEnvironmentAndOutput) {
    ProgramStart start;
    start.environment = {"GREETING=hello", "EMPTY="};
    EXPECT_EQ(output_of("echo \"$GREETING $0 [$EMPTY] [$HOME]\"", start), "hello sh [] []\n");
}

TEST(StartProgram, ReturnsAChildThatCanBeSignalled) {
    const Cat cat;
    EXPECT_TRUE(is_own_child(cat.child().pidfd));
    EXPECT_TRUE(send_signal(cat.child().pidfd, SIGTERM));
    await_end(cat.child().pidfd);
}

TEST(StartProgram, NoOtherDescriptorIsInherited) {
    const auto mine = make_eventfd();
    const auto more = make_pipe();
    // What whoever started this program forgot to close is not meant for the new one either.
    ASSERT_TRUE(place_at(mine->get(), 200));
    const UniqueFd forgotten(200);
    std::set<int> expected = {0, 3, 9};
    // Standard streams that are not placed stay the caller's.
    for (const int fd : {1, 2}) {
        if (is_open(fd)) expected.insert(fd);
    }
    const Cat cat({{mine->get(), 9}, {more->read_end.get(), 3}});
    // Until it reads it may be opening and closing its libraries.
    for (int i = 0; i < 500 && cat.proc("wchan").find("pipe") == std::string::npos; ++i) ::usleep(10'000);
    EXPECT_EQ(open_descriptors(cat.child().pid), expected);
}

TEST(StartProgram, DescriptorsMayTakeEachOthersNumbers) {
    const harness::TempDir folder;
    const auto one = open_for_append(folder / "one");
    const auto two = open_for_append(folder / "two");
    const auto name = [](int fd) { return ">&" + std::to_string(fd); };
    ProgramStart start;
    start.descriptors = {{one->get(), two->get()}, {two->get(), one->get()}};
    const std::string script = "printf a " + name(two->get()) + "; printf b " + name(one->get());
    // dash takes one-digit numbers only.
    ASSERT_LT(std::max(one->get(), two->get()), 10);
    (void)output_of(script.c_str(), start);
    EXPECT_EQ(harness::read_file(folder / "one"), "a");
    EXPECT_EQ(harness::read_file(folder / "two"), "b");
}

TEST(StartProgram, AProgramThatCannotRunIsAnError) {
    const harness::TempDir folder;
    const std::string not_executable = folder.write("text", "text", 0644);
    const auto before = open_descriptors();
    const std::pair<std::string, int> cases[] = {
        {folder / "none", ENOENT}, {not_executable, EACCES}, {folder.path(), EACCES}};
    for (const auto& [path, code] : cases) {
        ProgramStart start;
        start.path = path;
        start.arguments = {"x"};
        const auto child = start_program(start);
        ASSERT_FALSE(child) << path;
        EXPECT_EQ(child.error().code, code);
        EXPECT_THAT(child.error().text(), HasSubstr("failed to execute '" + path + "'"));
    }
    EXPECT_EQ(open_descriptors(), before);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
}

TEST(StartProgram, ADescriptorThatIsNoneIsAnError) {
    ProgramStart start;
    start.path = "/bin/true";
    start.arguments = {"true"};
    start.descriptors = {{999, 0}};
    const auto child = start_program(start);
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, EBADF);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
}

TEST(StartProgram, SetsTheSoftFileLimit) {
    ProgramStart start;
    start.file_limit = 77;
    EXPECT_EQ(output_of("ulimit -n", start), "77\n");
}

TEST(StartProgram, BeginsWithFreshSignals) {
    EXPECT_EQ(in_child([] {
                  ::signal(SIGUSR1, SIG_IGN);
                  sigset_t blocked;
                  sigemptyset(&blocked);
                  sigaddset(&blocked, SIGTERM);
                  ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
                  const Cat cat;
                  const std::string status = cat.proc("status");
                  const bool fresh = status.find("SigBlk:\t0000000000000000") != std::string::npos &&
                                     status.find("SigIgn:\t0000000000000000") != std::string::npos;
                  return fresh ? 0 : 1;
              }),
              0);
}

TEST(ProcessTitle, TakesThePlaceOfTheCommandLine) {
    // Where the C library found our own name is where the kernel looks for the command line.
    const auto title_after = [](const char* title) {
        const auto pipe = make_pipe();
        const int status = in_child([&] {
            char* argv[] = {program_invocation_name, nullptr};
            ::setenv("SURVIVES", "yes", 1);
            prepare_process_title(1, argv);
            set_process_title("a title that was there before");
            set_process_title(title);
            const std::string shown = harness::read_file("/proc/self/cmdline");
            (void)write_all(pipe->write_end.get(), shown.substr(0, shown.find('\0')));
            const char* value = std::getenv("SURVIVES");
            return value != nullptr && std::string_view(value) == "yes" ? 0 : 1;
        });
        EXPECT_EQ(status, 0);
        char room[65536];
        const ssize_t size = ::read(pipe->read_end.get(), room, sizeof room);
        return std::string(room, static_cast<std::size_t>(size));
    };
    EXPECT_EQ(title_after("pool www"), "pool www");
    const std::string longest(60'000, 'x');
    const std::string shown = title_after(longest.c_str());
    EXPECT_GT(shown.size(), 0U);
    EXPECT_EQ(shown, longest.substr(0, shown.size()));
}

TEST(Limits, AreSetAsAsked) {
    EXPECT_EQ(in_child([] {
                  rlimit limit{};
                  if (!limit_files(100) || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
                  if (limit.rlim_cur != 100 || limit.rlim_max != 100) return 2;
                  if (!limit_core(4096) || ::getrlimit(RLIMIT_CORE, &limit) != 0) return 3;
                  if (limit.rlim_cur != 4096 || limit.rlim_max != 4096) return 4;
                  if (!set_priority(5) || ::getpriority(PRIO_PROCESS, 0) != 5) return 5;
                  return 0;
              }),
              0);
}

TEST(Limits, ThatMayNotBeRaisedAreErrors) {
    EXPECT_EQ(in_child([] {
                  if (!limit_files(100) || !limit_core(0)) return 1;
                  if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 2;
                  const auto files = limit_files(200);
                  if (files || files.error().text().find("rlimit_files") == std::string::npos) return 3;
                  const auto core = limit_core(-1);
                  if (core || core.error().text().find("rlimit_core") == std::string::npos) return 4;
                  return set_priority(-20) ? 5 : 0;
              }),
              0);
}

TEST(Process, DumpableDecidesWhoMayLookInside) {
    EXPECT_EQ(in_child([] {
                  set_dumpable(false);
                  if (::prctl(PR_GET_DUMPABLE) != 0) return 1;
                  set_dumpable(true);
                  return ::prctl(PR_GET_DUMPABLE) == 1 ? 0 : 2;
              }),
              0);
}

TEST(Process, KnowsItsProgramAndEnvironment) {
    EXPECT_THAT(own_program_path(), ::testing::EndsWith("/os_tests"));
    ::setenv("PHALANX_TEST_VARIABLE", "1", 1);
    EXPECT_THAT(environment_list(), ::testing::Contains("PHALANX_TEST_VARIABLE=1"));
    ::unsetenv("PHALANX_TEST_VARIABLE");
}

}  // namespace
}  // namespace phalanx::os
