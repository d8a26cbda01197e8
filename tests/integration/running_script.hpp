#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "harness/site.hpp"

namespace phalanx::harness {

/// The PHP code of a script that says at once which process runs it, then works for so long and says "done".
/// It works in small steps, because php-fpm's workers wake from sleep() when they are told to leave.
inline std::string script_that_takes(double seconds) {
    return "<?php echo getmypid(), ' '; flush(); $end = microtime(true) + " + std::to_string(seconds) +
           "; while (microtime(true) < $end) usleep(5000); echo 'done';";
}

/// The same, but it works until let_scripts_end() (for a minute at most): for what has to happen meanwhile,
/// however long it takes.
inline std::string script_until_allowed() {
    return "<?php echo getmypid(), ' '; flush(); for ($i = 0; $i < 12000 && !file_exists(__DIR__ . '/go'); "
           "$i++) usleep(5000); echo 'done';";
}
inline void let_scripts_end(const Site& site) {
    site.script("go", "");
}

/// A request whose script is known to run.
class RunningScript {
  public:
    RunningScript(const Address& server, const Request& request) : client_(server) {
        client_.send(request);
        const auto first = client_.read_record();
        if (!first) return;
        Answer so_far;
        so_far.output = first->content;
        pid_ = std::atoi(so_far.body().c_str());
    }

    /// Of the worker; 0 when the script did not begin.
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// What comes after the process number.
    [[nodiscard]] Answer rest(milliseconds deadline = kPatience) { return client_.read_answer(deadline); }

    void hang_up() { client_.close(); }

  private:
    FastCgiClient client_;
    pid_t pid_ = 0;
};

}  // namespace phalanx::harness
