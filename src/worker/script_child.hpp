#pragma once

#include "phalanx/link/worker_settings.hpp"
#include "phalanx/php/request_port.hpp"

namespace phalanx::worker {

class Worker;

/// The request as a process sees it that the request's script has forked off its worker (pcntl_fork). Such a
/// process runs the script to its end and no further. It is no worker: the connection, the scoreboard and the
/// access log belong to the one it was forked from, so its output goes nowhere and its body is empty.
class ScriptChild final : public php::RequestPort {
  public:
    /// `whole` is the request of the worker that was forked.
    ScriptChild(php::RequestPort& whole, const link::WorkerSettings& settings)
        : whole_(whole), settings_(settings) {}

    [[nodiscard]] fastcgi::Params& params() noexcept override { return whole_.params(); }
    [[nodiscard]] const char* role() const noexcept override { return whole_.role(); }
    bool answer_without_php(const php::ScriptBegin&) noexcept override { return false; }
    std::size_t read_body(std::span<char>) noexcept override { return 0; }
    [[nodiscard]] bool body_was_cut() const noexcept override { return false; }
    bool write_head(std::string_view) noexcept override { return true; }
    bool write_body(std::string_view) noexcept override { return true; }
    bool flush() noexcept override { return true; }
    bool finish() noexcept override { return false; }
    void log(const php::Message& message, bool) noexcept override;
    void script_begins(const php::ScriptBegin&) noexcept override {}
    void script_ended(const php::ScriptEnd&) noexcept override {}

  private:
    php::RequestPort& whole_;
    const link::WorkerSettings& settings_;
};

/// From now on a process that is forked off this one without executing a program parts from the worker
/// (Worker::become_script_child) before the script goes on in it.
void watch_forks_of(Worker& worker);

}  // namespace phalanx::worker
