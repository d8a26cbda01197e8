#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compat/comparison.hpp"
#include "harness/child_process.hpp"
#include "harness/site.hpp"

namespace phalanx::compat {

/// What a daemon's standard error is.
enum class Stderr { File, Pipe, Terminal, Socket };

/// One of the two programs, started in whatever way decides where its log goes: in the background or in
/// front, with any kind of standard error. Its site has one pool "www" with one worker, error_log
/// "error.log", access.log "access.log" and a pid file. Ended, with all its processes, by the destructor.
class LoggedDaemon {
  public:
    explicit LoggedDaemon(const harness::DaemonProgram& program);
    ~LoggedDaemon();
    LoggedDaemon(const LoggedDaemon&) = delete;
    LoggedDaemon& operator=(const LoggedDaemon&) = delete;

    [[nodiscard]] harness::Site& site() { return site_; }
    [[nodiscard]] std::filesystem::path file(std::string_view name) const { return site_.files() / name; }
    void stderr_is(Stderr kind) { kind_ = kind; }
    /// Of error_log, below the site's folder.
    void log_is(const std::string& name);
    void run_as(uid_t user, gid_t group);
    /// A command that ends in executing its arguments, in front of the program.
    void behind(std::vector<std::string> command) { front_ = std::move(command); }

    /// Writes the configuration, starts the program with these options and waits until it has said its last
    /// word of the start (`is_up` knows where, else it is looked for in the logs) or has ended.
    void start(const std::vector<std::string>& options, const std::function<bool()>& is_up = {});
    /// How the program that was started ended; of one in the background, its caller's side.
    [[nodiscard]] std::string exit_code();
    [[nodiscard]] pid_t master() const;
    bool signal(int number) const;
    /// Asks a script that the site has and gives its body.
    std::string ask(std::string_view script);
    /// TERM, and the wait for the end.
    void stop();

    /// Everything that came out of standard error so far.
    [[nodiscard]] std::string errors();
    [[nodiscard]] std::string log() const { return log(log_name_); }
    [[nodiscard]] std::string log(std::string_view name) const;
    [[nodiscard]] bool wait_for(std::string_view text, harness::milliseconds deadline = harness::kPatience);
    /// What a descriptor of the master leads to.
    [[nodiscard]] std::string descriptor(int number) const;

  private:
    void open_standard_error(harness::Command& command);
    [[nodiscard]] bool started();
    void reap(pid_t pid) const;

    harness::Site site_;
    Stderr kind_ = Stderr::File;
    std::optional<std::pair<uid_t, gid_t>> run_as_;
    std::vector<std::string> front_;
    harness::Descriptor reader_;  ///< the test's end of a pipe, terminal or socket
    harness::Descriptor writer_;
    std::string errors_;
    std::string log_name_ = "error.log";
    bool tests_only_ = false;
    std::unique_ptr<harness::ChildProcess> process_;
};

/// Does the same with both programs and compares what comes out, masked.
void compare_daemons(const std::string& name, const std::function<std::string(LoggedDaemon&)>& deed,
                     const std::vector<Mask>& masks = {});

/// The lines of a text in order of their bytes: for logs that several processes write to.
[[nodiscard]] std::string sorted_lines(const std::string& text);

}  // namespace phalanx::compat
