#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "conduct.hpp"
#include "event_loop.hpp"
#include "foreign_descriptors.hpp"
#include "output_pipe.hpp"
#include "phalanx/base/clock.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/link/trace.hpp"
#include "phalanx/log/level.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/process.hpp"

namespace phalanx::master {

/// The life of a pool's template:
///
///   absent --started--> starting --"ready"--> ready --died, or "failed"--> absent
///
/// A template that fails or dies is started again after a pause that grows while it keeps failing young.
enum class TemplateLife : std::uint8_t { absent, starting, ready };

/// What a template needs from the master when it starts.
struct TemplateStart {
    std::string program;
    std::vector<std::string> environment;
    std::vector<std::byte> settings;  ///< link::encode()d
    int workers_page = -1;
    int master_page = -1;
    int listener = -1;
    int wake = -1;
    int access_log = -1;  ///< -1: none
    std::uint64_t file_limit = 0;
};

/// What PHP says of itself to clients.
struct PhpIdentity {
    std::string version;
    bool is_exposed = false;  ///< by expose_php, before the pool's own php_admin_value
};

/// What the template tells its pool.
class TemplateEvents {
  public:
    virtual void template_ready(PhpIdentity php) = 0;
    /// It cannot start: the failing step in words. It ends by itself.
    virtual void template_failed(const std::string& step) = 0;
    /// What it has written to its standard output or error: any bytes.
    virtual void template_said(std::string_view text) = 0;
    /// What PHP has said, mostly while it started.
    virtual void php_said(log::Level level, std::string_view text) = 0;
    /// Workers that were ordered and will not come. The slots are the template's word: to be checked.
    virtual void workers_made(std::span<const link::MadeWorker> workers) = 0;
    virtual void workers_unmade(std::span<const link::SpawnOrder> orders) = 0;
    /// A part of the oldest trace that was ordered and is not complete; `more`: another one follows. False:
    /// none was ordered.
    [[nodiscard]] virtual bool template_traced(const link::Trace& part, bool more) = 0;
    /// It broke the rules of its channel and is ended.
    virtual void template_broke_rules(Breach breach) = 0;

  protected:
    ~TemplateEvents() = default;
};

/// The master's side of the process that starts PHP for a pool and forks its workers (its partner:
/// worker::Template). Owned by the pool; says nothing about how many workers there should be.
class TemplateHandle final : public ReadyHandler {
  public:
    TemplateHandle(EventLoop& loop, TimeShare& share, ForeignDescriptors& foreign, TemplateEvents& events)
        : loop_(loop),
          share_(share),
          foreign_(foreign),
          events_(events),
          turn_(share, channel_watch_),
          failed_timer_(loop) {}

    [[nodiscard]] base::Result<void> start(const TemplateStart& start);
    /// Asks for workers; `descriptors` are those of link::MessageKind::spawn. False: it cannot be reached.
    [[nodiscard]] bool spawn(std::span<const link::SpawnOrder> orders, std::span<const int> descriptors,
                             std::uint32_t flags);
    /// Asks for a worker's PHP stack. False: it cannot be reached.
    [[nodiscard]] bool trace(const link::TraceOrder& order);
    /// Workers made from now on write their access log there.
    void replace_log(int fd);
    /// The process has been reaped.
    void ended();
    void signal(int number);

    [[nodiscard]] TemplateLife life() const { return life_; }
    [[nodiscard]] pid_t pid() const { return child_.pid; }
    [[nodiscard]] base::MonotonicTime started_at() const { return started_at_; }

    void on_ready(std::uint32_t events) override;

  private:
    /// False: it broke the rules.
    [[nodiscard]] bool take_message(const link::MessageHead& head, std::span<const std::byte> payload);
    void receive();
    [[nodiscard]] bool take_said(std::uint32_t level, std::span<const std::byte> text);
    [[nodiscard]] bool take_made(std::span<const std::byte> payload);
    [[nodiscard]] bool take_unmade(std::span<const std::byte> payload);
    void failed(std::span<const std::byte> step);
    void end_for_nonsense();

    EventLoop& loop_;
    TimeShare& share_;
    ForeignDescriptors& foreign_;
    TemplateEvents& events_;
    TemplateLife life_ = TemplateLife::absent;
    os::Child child_;
    os::UniqueFd channel_;
    Watch channel_watch_;
    TimeShare::Member turn_;
    Timer failed_timer_;
    std::unique_ptr<OutputPipe> output_;
    base::MonotonicTime started_at_;
};

}  // namespace phalanx::master
