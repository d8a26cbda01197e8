#include "pools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "access_log_file.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

using base::Result;

/// Templates that start PHP at the same time: more would only wait for each other.
std::size_t most_starting() {
    return std::max<std::size_t>(2, std::thread::hardware_concurrency());
}

bool have_same_file(const os::ListenSocket& one, const os::ListenSocket* other) {
    return other != nullptr && one.bound_path == other->bound_path && one.device == other->device &&
           one.inode == other->inode;
}

}  // namespace

Pools::Pools(PoolSurroundings& around) : around_(around) {
    around_.is_shared = [this](const os::ListenSocket& socket) { return owners_of(socket) > 1; };
    around_.known_php = [this](const std::string& program) -> const PhpIdentity* {
        const auto knows = [&program](const auto& pool) {
            return pool->php() != nullptr && pool->worker_program() == program;
        };
        const auto found = std::ranges::find_if(present_, knows);
        return found != present_.end() ? (*found)->php() : nullptr;
    };
    around_.launch = [this](Pool& pool) {
        to_launch_.push_back(&pool);
        launch_more();
    };
}

Result<void> Pools::change_to(std::vector<PoolPlan> plans, std::chrono::milliseconds grace,
                              Unchanged unchanged) {
    inherited_.clear();
    around_.start_messages.forget();
    std::vector<Next> next;
    const OpenSockets open = open_sockets(plans);
    for (PoolPlan& plan : plans) {
        Pool* const same = unchanged == Unchanged::stay ? find_unchanged(plan) : nullptr;
        auto made = same != nullptr ? keep(next, *same) : make(next, std::move(plan), open, grace);
        if (made) continue;
        for (const Next& pool : next) {
            if (pool.made) discard_sockets_of(*pool.made);
        }
        return made;
    }
    note_others_inherited();
    let_go_of_present(std::move(next), grace);
    close_unused_passed();
    return {};
}

Pool* Pools::find_unchanged(const PoolPlan& plan) const {
    const auto found = std::find_if(present_.begin(), present_.end(),
                                    [&plan](const auto& pool) { return pool->is_as(plan); });
    return found != present_.end() ? found->get() : nullptr;
}

void Pools::note_inherited(const os::ListenSocket& socket) {
    inherited_.push_back({socket.fd.get(), os::bound_name(socket)});
}

/// php-fpm's next program inherits the sockets of removed pools, too, before it closes them.
void Pools::note_others_inherited() {
    const auto is_noted = [this](const os::ListenSocket& socket) {
        return std::ranges::find(inherited_, os::bound_name(socket), &Inherited::name) != inherited_.end();
    };
    for (const auto& pool : present_) {
        for (const os::ListenSocket* socket : {&pool->socket(), pool->status_socket()}) {
            if (socket != nullptr && !is_noted(*socket)) note_inherited(*socket);
        }
    }
}

Result<void> Pools::keep(std::vector<Next>& pools, Pool& same) {
    auto log = open_access_log(around_.log, same.settings());
    if (!log) return log.error();
    note_inherited(same.socket());
    if (same.status_socket() != nullptr) note_inherited(*same.status_socket());
    pools.push_back({nullptr, &same, *std::move(log)});
    return {};
}

Result<void> Pools::make(std::vector<Next>& pools, PoolPlan plan, const OpenSockets& open,
                         std::chrono::milliseconds grace) {
    Pool::Parts parts{std::move(plan), {}, {}, {}, grace};
    auto log = open_access_log(around_.log, parts.plan.settings);
    if (!log) return log.error();
    parts.access_log = *std::move(log);
    const OpenSocket* main = find_at(open, parts.plan.listen);
    Pool* const former = main != nullptr ? main->pool : nullptr;
    auto socket = listen_at(parts.plan.listen, parts.plan, open);
    if (!socket) return socket.error();
    parts.socket = *std::move(socket);
    if (!parts.plan.status_listen.text.empty()) {
        auto status_socket = listen_at(parts.plan.status_listen, parts.plan, open);
        if (!status_socket) {
            discard(parts.socket);
            return status_socket.error();
        }
        parts.status_socket = *std::move(status_socket);
    }
    Forerunner* forerunner = former;
    if (forerunner == nullptr && around_.forerunner_at)
        forerunner = around_.forerunner_at(os::bound_name(parts.socket));
    auto pool = make_from(std::move(parts), forerunner);
    if (!pool) return pool.error();
    pools.push_back({*std::move(pool), nullptr, {}});
    return {};
}

Result<std::unique_ptr<Pool>> Pools::make_from(Pool::Parts parts, Forerunner* former) {
    auto pool = Pool::create(around_, parts);
    if (!pool) {
        discard(parts.socket);
        if (parts.status_socket) discard(*parts.status_socket);
        return pool;
    }
    if (former != nullptr) {
        (*pool)->follow(*former);
        return pool;
    }
    if (auto opened = (*pool)->open(); !opened) {
        discard_sockets_of(**pool);
        return opened.error();
    }
    return pool;
}

Result<os::ListenSocket> Pools::listen_at(const ListenPlan& where, const PoolPlan& plan,
                                          const OpenSockets& open) {
    const config::PoolSettings& settings = plan.settings;
    const OpenSocket* found = find_at(open, where);
    if (found != nullptr && os::can_be_found(*found->socket)) {
        note_inherited(*found->socket);
        return os::duplicate(*found->socket);
    }
    if (!plan.owner.others.empty()) say_ignored_owner(settings);
    warn_of_cut_path(where, settings);
    os::SocketOwner owner = plan.owner;
    owner.label = fmt::format("[pool {}] ", settings.name);
    os::ListenRemarks remarks;
    auto socket = os::listen_on(where.addresses, where.text, settings.listen_backlog, owner, remarks);
    for (const std::string& notice : remarks.notices) around_.log.notice(notice);
    for (const std::string& warning : remarks.warnings) around_.log.warning(warning);
    return socket;
}

void Pools::say_ignored_owner(const config::PoolSettings& settings) {
    auto pool = around_.log.pool(settings.name);
    if (!settings.listen_owner.empty())
        pool.warning(fmt::format("ACL set, listen.owner = '{}' is ignored", settings.listen_owner));
    if (!settings.listen_group.empty())
        pool.warning(fmt::format("ACL set, listen.group = '{}' is ignored", settings.listen_group));
}

void Pools::warn_of_cut_path(const ListenPlan& where, const config::PoolSettings& settings) {
    const std::string& path = where.addresses.empty() ? where.text : where.addresses[0].path;
    if (path.size() != os::longest_socket_path || path == where.text) return;
    around_.log.pool(settings.name)
        .warning(fmt::format("cannot bind to UNIX socket '{}' as path is too long (found length: {}, maximal "
                             "length: {}), trying cut socket path instead '{}'",
                             where.text, where.text.size(), os::longest_socket_path + 1, path));
}

OpenSockets Pools::open_sockets(const std::vector<PoolPlan>& plans) const {
    OpenSockets open;
    // Those of pools that serve first: others are on their way out.
    for (const bool serving : {true, false}) {
        for_each([&](Pool& pool) {
            if (pool.serves() != serving) return;
            open.emplace(os::bound_name(pool.socket()),
                         OpenSocket{&pool.socket(), serving ? &pool : nullptr});
            if (const os::ListenSocket* status = pool.status_socket())
                open.emplace(os::bound_name(*status), OpenSocket{status, nullptr});
        });
    }
    passed_.add_to(open, plans);
    add_other_names(open, plans);
    return open;
}

void Pools::close_unused_passed() {
    std::set<std::string> used;
    for (const Inherited& socket : inherited_) used.insert(socket.name);
    passed_.settle(used);
}

std::vector<const os::ListenSocket*> Pools::sockets() const {
    std::vector<const os::ListenSocket*> sockets;
    for (const auto& pool : present_) {
        sockets.push_back(&pool->socket());
        if (const os::ListenSocket* status = pool->status_socket()) sockets.push_back(status);
    }
    return sockets;
}

std::size_t Pools::owners_of(const os::ListenSocket& socket) const {
    std::size_t number = 0;
    for_each([&](const Pool& pool) {
        number += have_same_file(socket, &pool.socket()) ? 1 : 0;
        number += have_same_file(socket, pool.status_socket()) ? 1 : 0;
    });
    return number;
}

void Pools::discard(const os::ListenSocket& socket) const {
    if (owners_of(socket) == 0 && !passed_.holds(socket)) os::remove_socket_file(socket);
}

void Pools::discard_sockets_of(const Pool& pool) const {
    discard(pool.socket());
    if (pool.status_socket() != nullptr) discard(*pool.status_socket());
}

/// Every pool that does not stay gives way: to its heir, once that is ready, or because it has none.
void Pools::let_go_of_present(std::vector<Next> next, std::chrono::milliseconds grace) {
    to_launch_.clear();
    List pools;
    for (Next& one : next) {
        if (one.stays == nullptr) {
            pools.push_back(std::move(one.made));
            continue;
        }
        const auto place = std::find_if(present_.begin(), present_.end(),
                                        [&one](const auto& pool) { return pool.get() == one.stays; });
        one.stays->stay(std::move(one.access_log), grace);
        pools.push_back(std::move(*place));
        present_.erase(place);
    }
    for (const auto& pool : present_) {
        if (pool->predecessor() != nullptr) pool->give_up();
    }
    std::move(present_.begin(), present_.end(), std::back_inserter(former_));
    // Before anybody lets go of a socket's file that one of these may use.
    present_ = std::move(pools);
    for (const auto& pool : former_) {
        const bool has_heir = std::any_of(present_.begin(), present_.end(), [&](const auto& heir) {
            return heir->predecessor() == pool.get();
        });
        if (pool->serves() && !has_heir) pool->retire();
    }
}

void Pools::launch() {
    std::vector<Pool*> asleep;
    for (const auto& pool : present_) {
        if (!pool->is_to_launch()) continue;
        if (pool->can_sleep() && !pool->start_is_decided()) {
            asleep.push_back(pool.get());
        } else {
            to_launch_.push_back(pool.get());
        }
    }
    for (Pool* pool : asleep) pool->fall_asleep();
    launch_more();
}

void Pools::launch_more() {
    const auto starting = static_cast<std::size_t>(std::count_if(
        present_.begin(), present_.end(), [](const auto& pool) { return pool->is_launching(); }));
    for (std::size_t i = starting; i < most_starting() && !to_launch_.empty(); ++i) {
        auto next = std::find_if(to_launch_.begin(), to_launch_.end(),
                                 [](const Pool* pool) { return pool->has_waiting_client(); });
        if (next == to_launch_.end()) next = to_launch_.begin();
        Pool* const pool = *next;
        to_launch_.erase(next);
        pool->launch();
    }
}

bool Pools::have_started() const {
    return std::all_of(present_.begin(), present_.end(),
                       [](const auto& pool) { return pool->has_started(); });
}

void Pools::tick() {
    bury_those_that_are_over();
    for_each([](Pool& pool) { pool.tick(); });
}

bool Pools::child_ended(const os::ChildEnd& end) {
    bool known = false;
    for_each([&](Pool& pool) { known = known || pool.child_ended(end); });
    return known;
}

void Pools::stranger_ended(const os::ChildEnd& end) {
    for_each([&](Pool& pool) { pool.stranger_ended(end); });
}

bool Pools::have_worker(pid_t pid) const {
    bool found = false;
    for_each([&](const Pool& pool) { found = found || pool.has_worker(pid); });
    return found;
}

void Pools::bury_those_that_are_over() {
    std::erase_if(to_launch_, [](const Pool* pool) { return pool->is_over(); });
    std::erase_if(former_, [](const auto& pool) { return pool->is_over(); });
}

void Pools::finish() {
    to_launch_.clear();
    for (const auto& pool : present_) {
        if (pool->predecessor() != nullptr) pool->give_up();
    }
    for_each([](Pool& pool) { pool.finish(); });
}

void Pools::stop_with(int signal) {
    to_launch_.clear();
    for_each([signal](Pool& pool) { pool.stop_with(signal); });
}

bool Pools::have_processes() const {
    bool some = false;
    for_each([&](const Pool& pool) { some = some || pool.has_processes(); });
    return some;
}

Pool::Totals Pools::totals() const {
    Pool::Totals sum;
    for_each([&](const Pool& pool) {
        const Pool::Totals own = pool.totals();
        sum.active += own.active;
        sum.idle += own.idle;
        if (!pool.serves()) return;
        sum.requests += own.requests;
        sum.slow += own.slow;
    });
    return sum;
}

void Pools::remove_sockets() const {
    for_each([](const Pool& pool) { pool.remove_sockets(); });
}

Pools::Reopened Pools::reopen_access_logs() {
    Reopened result = Reopened::none;
    for_each([&](Pool& pool) {
        if (!pool.has_access_log()) return;
        const auto reopened = pool.reopen_access_log();
        if (!reopened) around_.log.error(reopened.error().text());
        if (result == Reopened::none) result = Reopened::all;
        if (!reopened) result = Reopened::failed;
    });
    return result;
}

}  // namespace phalanx::master
