#include "former_master.hpp"

#include <fmt/format.h>

#include <climits>
#include <csignal>
#include <utility>

#include "phalanx/base/parse.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "pool.hpp"

namespace phalanx::master {
namespace {

/// More than any configuration has; what somebody else says is not to fill the memory.
constexpr std::size_t most_pools = 65'536;
/// The same for workers of one pool, those of several generations together.
constexpr std::uint32_t most_workers = 65'536;

/// A former master that does not answer for so long is not waited for.
constexpr std::chrono::seconds longest_silence{5};
/// At what a former master that has ended may have left in the socket.
constexpr int most_last_looks = 4096;

}  // namespace

/// A pool of the former master.
class FormerPool final : public Forerunner {
  public:
    FormerPool(FormerMaster& link, std::uint32_t number, std::string its_address, const PoolNews& news)
        : address(std::move(its_address)), link_(link), number_(number) {
        take(news);
        last_ = news_;
    }
    ~FormerPool() {
        for (PassedConnection& early : early_) os::close_without_lingering(std::move(early.fd));
    }
    FormerPool(const FormerPool&) = delete;
    FormerPool& operator=(const FormerPool&) = delete;

    /// Nobody has taken its place yet.
    [[nodiscard]] bool is_free() const { return heir_ == nullptr && !retired_ && !was_left_; }
    void retire() {
        retired_ = true;
        send(UpgradeKind::retire);
    }
    void take(const PoolNews& news) {
        const std::uint32_t before = news_.living;
        news_ = news;
        news_.living = std::min(news_.living, most_workers);
        counted_.take(news_.living);
        counted_.give_back(before);
        yields_ = news.yields != 0;
        if (yields_) asked_at_.reset();
        if (news.left != 0) left_ = true;
        if (news_.living < before) place_is_asked_for_ = false;
        tell_heir();
    }
    void no_place() {
        has_no_place_ = true;
        place_is_asked_for_ = false;
        if (coming_ != nullptr) coming_->await_place();
    }
    void take(PassedConnection connection, ForeignDescriptors& foreign) {
        if (heir_ == nullptr && (retired_ || was_left_))
            return os::close_without_lingering(std::move(connection.fd));
        if (heir_ == nullptr) return early_.push_back(std::move(connection));
        give(std::move(connection), foreign);
    }
    void end() {
        left_ = true;
        PoolNews last = news_;
        last.living = 0;
        take(last);
    }

    // Forerunner
    [[nodiscard]] bool yield_to(PoolHeir& coming) override {
        coming_ = &coming;
        if (yields_ || left_) return true;
        if (!asked_at_) asked_at_ = base::Monotonic::now();
        send(UpgradeKind::yield);
        return false;
    }
    [[nodiscard]] bool yields_to(const PoolHeir& coming) const override {
        const bool is_silent = asked_at_ && base::Monotonic::now() - *asked_at_ > longest_silence;
        return left_ || (coming_ == &coming && (yields_ || is_silent));
    }
    [[nodiscard]] bool makes_place() override {
        if (left_ || std::exchange(has_no_place_, false)) return false;
        if (!std::exchange(place_is_asked_for_, true)) send(UpgradeKind::make_place);
        return true;
    }
    void carry_on() override {
        coming_ = nullptr;
        yields_ = false;
        asked_at_.reset();
        send(UpgradeKind::carry_on);
    }
    [[nodiscard]] Estate estate() const override {
        Estate estate;
        estate.started_at = news_.started_at;
        estate.departed_requests = news_.departed_requests;
        estate.slow_requests = news_.slow_requests;
        estate.max_active = news_.max_active;
        estate.max_children_reached = news_.max_children_reached;
        estate.max_listen_queue = news_.max_listen_queue;
        estate.live_workers = news_.live_workers;
        estate.idle_workers = news_.idle_workers;
        estate.warned_of_limit = news_.warned_of_limit != 0;
        return estate;
    }
    void leave_to(PoolHeir& heir) override {
        coming_ = nullptr;
        last_ = news_;
        was_left_ = true;
        set_heir(&heir);
        send(UpgradeKind::leave);
        for (PassedConnection& early : std::exchange(early_, {}))
            give(std::move(early), link_.around_.foreign);
    }
    void set_heir(PoolHeir* heir) override {
        heir_ = heir;
        if (heir != nullptr) heir->add_former(*this);
    }
    [[nodiscard]] std::size_t living() const override { return news_.living; }
    [[nodiscard]] bool is_asleep() const override { return news_.asleep != 0; }
    [[nodiscard]] PoolHeir* as_heir() override { return nullptr; }

    const std::string address;

  private:
    void send(UpgradeKind what) { link_.channel_.send(make_packet(what, number_)); }
    void tell_heir() {
        if (heir_ == nullptr) {
            if (coming_ != nullptr) coming_->await_place();
            return;
        }
        const PoolNews before = std::exchange(last_, news_);
        heir_->count_on(news_.departed_requests - std::min(before.departed_requests, news_.departed_requests),
                        news_.slow_requests - std::min(before.slow_requests, news_.slow_requests));
    }
    void give(PassedConnection connection, ForeignDescriptors& foreign) {
        if (!os::is_accepted_from(connection.fd.get(), heir_->listener()))
            return foreign.take(std::move(connection.fd));
        heir_->connection_heir().inherit_given(std::move(connection));
    }

    FormerMaster& link_;
    std::uint32_t number_;
    PoolNews news_;
    PoolNews last_;  ///< what the heir knows of
    WorkerQuota& counted_ = link_.around_.quota;
    PoolHeir* coming_ = nullptr;
    PoolHeir* heir_ = nullptr;
    std::vector<PassedConnection> early_;          ///< before there is an heir
    std::optional<base::MonotonicTime> asked_at_;  ///< to yield, and has not answered
    bool yields_ = false;
    bool left_ = false;
    bool was_left_ = false;  ///< by our word
    bool retired_ = false;
    bool place_is_asked_for_ = false;
    bool has_no_place_ = false;
};

FormerMaster::FormerMaster(EventLoop& loop, PoolSurroundings& around, os::PassedDescriptor passed,
                           std::function<void()> changed)
    : around_(around),
      changed_(std::move(changed)),
      channel_(
          loop, std::move(passed.fd), [this](UpgradePacket packet) { take(std::move(packet)); },
          [this] { ended(); }) {
    const auto number = base::parse_unsigned(passed.rest);
    if (!number || *number == 0 || *number > INT_MAX) return;
    auto pidfd = os::open_pidfd(static_cast<pid_t>(*number));
    if (!pidfd || !os::is_own_child(*pidfd)) return;
    pid_ = static_cast<pid_t>(*number);
    pidfd_ = *std::move(pidfd);
    lives_ = true;
    read_announcement();
    around_.forerunner_at = [this](const std::string& address) { return pool_at(address); };
}

FormerMaster::~FormerMaster() = default;

/// It was sent before this program was executed: nobody is waited for.
void FormerMaster::read_announcement() {
    UpgradePacket packet;
    while (channel_.receive(packet) == UpgradeChannel::Received::packet) {
        switch (packet.head.kind) {
            case UpgradeKind::hello:
                understood_ = packet.head.value == upgrade_protocol;
                pid_file_ = std::move(packet.bytes);
                if (understood_) break;
                return around_.log.warning(
                    "the former program speaks another language: its connections that wait are closed");
            case UpgradeKind::pools:
                if (understood_) add_pools(packet);
                break;
            case UpgradeKind::announced:
                if (const auto rest = object_in<PoolNews>(packet))
                    others_ = std::min(rest->living, most_workers);
                return around_.quota.take(others_);
            default:
                return;
        }
    }
}

void FormerMaster::add_pools(const UpgradePacket& packet) {
    for (PoolAnnouncement& pool : pools_in(packet)) {
        if (pools_.size() == most_pools) return;
        pools_.push_back(std::make_unique<FormerPool>(*this, static_cast<std::uint32_t>(pools_.size()),
                                                      std::move(pool.address), pool.news));
    }
}

base::Result<void> FormerMaster::start(const IsFollowed& is_followed) {
    if (!lives_) return {};
    channel_.send(make_packet(UpgradeKind::hello, 0, std::uint64_t{upgrade_protocol}));
    retire_all_but(is_followed);
    return channel_.watch();
}

void FormerMaster::retire_all_but(const IsFollowed& is_followed) {
    for (const auto& pool : pools_) {
        if (pool->is_free() && !is_followed(*pool)) pool->retire();
    }
}

Forerunner* FormerMaster::pool_at(const std::string& address) const {
    for (const auto& pool : pools_) {
        if (lives_ && pool->is_free() && pool->address == address) return pool.get();
    }
    return nullptr;
}

void FormerMaster::take(UpgradePacket packet) {
    FormerPool* const pool = packet.head.pool < pools_.size() ? pools_[packet.head.pool].get() : nullptr;
    if (pool == nullptr) {
        if (packet.fd) around_.foreign.take(std::move(packet.fd));
        return;
    }
    switch (packet.head.kind) {
        case UpgradeKind::news:
            if (const auto news = object_in<PoolNews>(packet)) pool->take(*news);
            return;
        case UpgradeKind::no_place:
            return pool->no_place();
        case UpgradeKind::connection:
            return pool->take(connection_in(std::move(packet)), around_.foreign);
        default:
            return;
    }
}

bool FormerMaster::child_ended(const os::ChildEnd& end) {
    if (pid_ != 0 && end.pid == pid_) {
        pid_ = 0;
        // What it has sent before its end still counts.
        for (int i = 0; i < most_last_looks && channel_.is_open(); ++i) channel_.on_ready(0);
        ended();
        return true;
    }
    if (lives_) channel_.send(make_packet(UpgradeKind::child_ended, 0, news_of(end)));
    return false;
}

void FormerMaster::ended() {
    if (!std::exchange(lives_, false)) return;
    pidfd_.reset();
    around_.quota.give_back(std::exchange(others_, 0));
    for (const auto& pool : pools_) pool->end();
    changed_();
}

void FormerMaster::signal(int number) {
    if (lives_) (void)os::send_signal(pidfd_, number);
}

}  // namespace phalanx::master
