#include "successor.hpp"

#include <algorithm>
#include <utility>

#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

PoolNews describe(const Pool& pool) {
    const Estate estate = pool.estate();
    PoolNews news;
    news.started_at = estate.started_at;
    news.departed_requests = estate.departed_requests;
    news.slow_requests = estate.slow_requests;
    news.max_active = estate.max_active;
    news.max_children_reached = estate.max_children_reached;
    news.max_listen_queue = estate.max_listen_queue;
    news.live_workers = estate.live_workers;
    news.idle_workers = estate.idle_workers;
    news.warned_of_limit = estate.warned_of_limit ? 1 : 0;
    news.living = static_cast<std::uint32_t>(pool.living());
    news.asleep = pool.has_processes() ? 0 : 1;
    return news;
}

std::vector<Pool*> serving(Pools& pools) {
    std::vector<Pool*> found;
    pools.visit([&found](Pool& pool) {
        if (pool.serves()) found.push_back(&pool);
    });
    return found;
}

}  // namespace

/// The heir of one pool, in the other process.
class AbsentHeir final : public PoolHeir, public ConnectionHeir {
  public:
    AbsentHeir(Successor& link, std::uint32_t number, Pool& pool)
        : link_(link), number_(number), pool_(&pool), last_(describe(pool)) {}
    ~AbsentHeir() {
        for (Forerunner* former : formers_) former->set_heir(nullptr);
    }
    AbsentHeir(const AbsentHeir&) = delete;
    AbsentHeir& operator=(const AbsentHeir&) = delete;

    void do_as_told(UpgradeKind what) {
        if (left_) return;
        switch (what) {
            case UpgradeKind::yield:
                yields_ = pool_->yield_to(*this);
                return tell();
            case UpgradeKind::make_place:
                if (!pool_->makes_place()) link_.channel_.send(make_packet(UpgradeKind::no_place, number_));
                return;
            case UpgradeKind::carry_on:
                yields_ = false;
                pool_->carry_on();
                return tell();
            case UpgradeKind::retire:
                is_wanted_ = false;
                return leave();
            case UpgradeKind::leave:
                return leave();
            default:
                return;
        }
    }
    void leave_if_empty() {
        if (!left_ && !pool_->has_processes()) leave();
    }
    void drain() {
        is_wanted_ = false;
        if (!left_) leave();
    }

    // PoolHeir
    void await_place() override { tell(); }
    void count_on(std::uint64_t requests, std::uint64_t slow) override {
        last_.departed_requests += requests;
        last_.slow_requests += slow;
        tell();
    }
    [[nodiscard]] ConnectionHeir& connection_heir() override { return *this; }
    [[nodiscard]] int listener() const override { return -1; }
    void add_former(Forerunner& former) override { formers_.push_back(&former); }
    void remove_former(Forerunner& former) override {
        std::erase(formers_, &former);
        tell();
    }
    // ConnectionHeir
    void inherit_jobs(std::vector<Job> jobs, LinePlace place) override {
        const auto now = base::Monotonic::now();
        for (Job& job : jobs) {
            // Of one that a worker has not taken, the channel knows only how long it had waited.
            const auto since = job.since != base::MonotonicTime{}
                                   ? job.since
                                   : now - std::chrono::microseconds(job.waited_usec);
            pass_on({std::move(job.fd), Served::no, std::move(job.bytes), since, place});
        }
    }
    void inherit_parked(PassedConnection connection) override { pass_on(std::move(connection)); }
    void inherit_given(PassedConnection connection) override { pass_on(std::move(connection)); }
    [[nodiscard]] bool is_own_page(std::string_view) override { return false; }
    [[nodiscard]] EarlyAnswers* heirs_answers() override { return nullptr; }

  private:
    void leave() {
        last_ = describe(*pool_);
        left_ = yields_ = true;
        pool_->leave_to(*this);
        tell();
    }
    void pass_on(PassedConnection connection) {
        if (is_wanted_ && link_.is_there())
            return link_.channel_.send_connection(number_, std::move(connection));
        os::close_without_lingering(std::move(connection.fd));
    }
    void tell() {
        // What is counted after it has left comes by count_on(), and of its own forerunners, too.
        if (!left_) last_ = describe(*pool_);
        if (left_) {
            last_.living = 0;
            for (const Forerunner* former : formers_)
                last_.living += static_cast<std::uint32_t>(former->living());
        }
        last_.yields = yields_ ? 1 : 0;
        last_.left = left_ ? 1 : 0;
        link_.channel_.send(make_packet(UpgradeKind::news, number_, last_));
    }

    Successor& link_;
    std::uint32_t number_;
    Pool* pool_;  ///< until it has left
    PoolNews last_;
    std::vector<Forerunner*> formers_;
    bool yields_ = false;
    bool left_ = false;
    bool is_wanted_ = true;  ///< the pool's connections
};

bool Successor::announce(int socket, Pools& pools, const std::string& pid_file) {
    std::vector<PoolAnnouncement> all;
    std::size_t others = pools.living_workers();
    for (const Pool* pool : serving(pools)) {
        all.push_back({describe(*pool), os::bound_name(pool->socket())});
        others -= std::min<std::size_t>(others, all.back().news.living);
    }
    UpgradePacket hello = make_packet(UpgradeKind::hello, 0, std::uint64_t{upgrade_protocol});
    hello.bytes = pid_file;
    PoolNews rest;
    rest.living = static_cast<std::uint32_t>(others);
    std::vector<UpgradePacket> packets = master::announce(all);
    packets.insert(packets.begin(), std::move(hello));
    packets.push_back(make_packet(UpgradeKind::announced, 0, rest));
    return std::ranges::all_of(packets, [socket](const UpgradePacket& packet) {
        return send_now(socket, packet) == os::SendResult::sent;
    });
}

Successor::Successor(Parts parts, os::UniqueFd socket)
    : parts_(std::move(parts)),
      channel_(
          parts_.loop, std::move(socket), [this](UpgradePacket packet) { take(std::move(packet)); },
          [this] { parts_.changed(); }),
      children_(parts_.loop, [this](const os::ChildEnd& end) { child_ended(end); }) {
    for (Pool* pool : serving(parts_.pools))
        heirs_.push_back(
            std::make_unique<AbsentHeir>(*this, static_cast<std::uint32_t>(heirs_.size()), *pool));
}

Successor::~Successor() = default;

base::Result<void> Successor::start() {
    parts_.around.adopts = [this](pid_t pid) { return children_.adopt(pid, parts_.pid); };
    std::vector<pid_t> gone;
    parts_.pools.visit([&](Pool& pool) {
        pool.visit_processes([&](pid_t pid) {
            if (!children_.adopt(pid, parts_.pid)) gone.push_back(pid);
        });
    });
    for (const pid_t pid : gone) child_ended({pid, os::ChildEnd::How::exited, 0});
    look();
    return channel_.watch();
}

void Successor::look() {
    for (const auto& heir : heirs_) heir->leave_if_empty();
}

void Successor::drain() {
    for (const auto& heir : heirs_) heir->drain();
    parts_.changed();
}

void Successor::take(UpgradePacket packet) {
    switch (packet.head.kind) {
        case UpgradeKind::hello:
            children_.expect_word();
            // It cannot say what it wants, nor take anything.
            if (packet.head.value != upgrade_protocol) drain();
            return;
        case UpgradeKind::child_ended:
            return take_child_end(packet);
        default:
            if (packet.head.pool < heirs_.size()) heirs_[packet.head.pool]->do_as_told(packet.head.kind);
            return parts_.changed();
    }
}

void Successor::take_child_end(const UpgradePacket& packet) {
    const auto news = object_in<ChildNews>(packet);
    const auto end = news ? end_in(*news) : std::nullopt;
    if (end && !children_.child_ended(*end)) parts_.around.unclaimed.add(*end);
}

void Successor::child_ended(const os::ChildEnd& end) {
    (void)parts_.pools.child_ended(end);
    look();
    parts_.changed();
}

}  // namespace phalanx::master
