#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/fastcgi_client.hpp"
#include "harness/site.hpp"

namespace phalanx::compat {

/// A request param that a case adds or replaces; without a value the param is left out. "{root}" in a value
/// stands for the document root.
struct Change {
    std::string name;
    std::optional<std::string> value;
};

/// One request and, if it needs its own, the script that answers it. Both programs get exactly the same
/// bytes.
struct Case {
    std::string name;
    std::string code = {};    ///< of a script of its own, which is then the target
    std::string target = {};  ///< path and query; with code, only what follows the script's path
    std::string method = "GET";
    std::vector<Change> params = {};
    std::optional<std::string> body = {};
    harness::RecordSizes sizes = {};
    std::string raw = {};  ///< instead of a request: these bytes, and all that comes back within a while
    /// Why the answers differ. Then they have to: a reason must not outlive its difference. Differences are
    /// meant (docs/compatibility.md has them), but for those whose reason begins with "fault:".
    std::string differs = {};
    /// Where an answer is not certain to come: how long to wait for it.
    harness::milliseconds patience = harness::kPatience;
    bool closes = false;  ///< the connection is not to be kept
    /// The client sends its request and goes, without waiting for an answer, once the script has made
    /// OWN/notes: one whose client has gone before that would not be run.
    bool leaves = false;
    /// Changes the scripts' folder, which is handed in, once before either program is asked.
    std::function<void(const std::filesystem::path&)> before = {};
};

/// Text that may differ between two runs or programs, by the name it is then shown as.
struct Mask {
    std::string name;
    std::string pattern;  ///< a POSIX extended regular expression
};

enum class Log { Compare, Ignore };

/// Cases that share a configuration; each program is started once for all of them, with one worker. In values
/// and arguments "{root}" stands for the document root, "{own}" for a folder that only this program has and
/// everybody may write, "{port}" for a TCP port of this program's.
struct Group {
    std::vector<std::pair<std::string, std::string>> pool = {};
    std::vector<std::pair<std::string, std::string>> scripts = {};
    std::vector<Case> cases;
    std::vector<Mask> masks = {};
    Log log = Log::Compare;
    std::vector<std::string> arguments = {"-n"};  ///< of the daemon
    /// What the scripts' folder holds that is more than a text: links, modes, odd kinds of files.
    std::function<void(const std::filesystem::path&)> files = {};
    std::vector<std::pair<std::string, std::string>> global = {};
    std::vector<std::pair<std::string, std::string>> environment = {};  ///< of the daemon
};

/// Runs every case on php-fpm and on the daemon under test and reports what differs: bytes of the answer
/// (head, body), error stream, end record, whether the connection stays open, then the access log and the
/// whole error log. Skips the test where one of the two programs is missing.
void compare(const Group& group);

/// What differs between any two runs: times, process numbers, the program's own path, the folder it runs in.
[[nodiscard]] std::string masked(std::string text, const harness::Site& site,
                                 const std::vector<Mask>& more = {});
[[nodiscard]] std::string masked(std::string text, const std::vector<Mask>& masks);

/// Why a comparison cannot be made here, if so.
[[nodiscard]] std::optional<std::string> missing_program();

}  // namespace phalanx::compat

/// In a test: goes no further where one of the two programs is missing.
#define SKIP_UNLESS_BOTH() \
    if (const auto missing = ::phalanx::compat::missing_program()) GTEST_SKIP() << *missing
