#include "phalanx/master/plan.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "phalanx/base/parse.hpp"
#include "phalanx/os/identity.hpp"
#include "pool_stamp.hpp"

namespace phalanx::master {
namespace {

using base::Error;
using base::Result;

const char* process_manager_name(config::ProcessManager pm) {
    switch (pm) {
        case config::ProcessManager::static_size:
            return "static";
        case config::ProcessManager::dynamic:
            return "dynamic";
        case config::ProcessManager::ondemand:
            break;
    }
    return "ondemand";
}

void fill_php(link::WorkerSettings& worker, const config::PoolSettings& pool, const Options& options) {
    worker.ini_path = options.ini_path;
    worker.ignore_ini = options.ignore_ini ? 1 : 0;
    worker.extended_info = options.extended_info ? 1 : 0;
    worker.ini_defines = options.ini_defines;
    for (const config::PhpValue& value : pool.php_values) {
        worker.php_values.push_back(
            {value.kind == config::PhpValue::Kind::admin_value ? 1U : 0U, value.name, value.value});
    }
    worker.limit_extensions = pool.security_limit_extensions;
    worker.clear_env = pool.clear_env ? 1 : 0;
    for (const config::NamedValue& entry : pool.env)
        worker.environment.push_back({0, entry.name, entry.value});
}

void fill_requests(link::WorkerSettings& worker, const config::PoolSettings& pool) {
    worker.traces = pool.request_slowlog_timeout.count() > 0 ? 1 : 0;
    worker.capture_output = pool.catch_workers_output ? 1 : 0;
    worker.max_requests = static_cast<std::uint64_t>(std::max<std::int64_t>(pool.pm_max_requests, 0));
    worker.max_memory = static_cast<std::uint64_t>(std::max<std::int64_t>(pool.pm_max_memory.bytes, 0));
    worker.max_lifetime_ms =
        static_cast<std::uint64_t>(std::chrono::milliseconds(pool.pm_max_lifetime).count());
    worker.status_path = pool.pm_status_path;
    worker.ping_path = pool.ping_path;
    worker.ping_response = pool.ping_response;
    worker.access_format = pool.access_format;
    worker.access_suppress_paths = pool.access_suppress_path;
    worker.check_clients = pool.listen_allowed_clients_set ? 1 : 0;
    worker.allowed_clients = pool.listen_allowed_clients;
    worker.body_timeout = pool.request_body_timeout;
    worker.write_timeout = pool.response_write_timeout;
}

/// A number, or what a look-up of the name finds. php-fpm appends an errno that nothing has set.
template <typename Lookup>
Result<std::int64_t> id_of(const std::string& name, const char* what, Lookup lookup) {
    if (const auto number = base::parse_unsigned(name)) return static_cast<std::int64_t>(*number);
    const auto id = lookup(name);
    if (!id) return Error{fmt::format("cannot get {} '{}': Success (0)", what, name)};
    return *id;
}

/// Names divided by commas; blanks belong to the names. php-fpm knows no numbers here.
template <typename Id, typename Lookup>
Result<std::vector<Id>> ids_of(std::string_view list, const char* what, Lookup lookup) {
    std::vector<Id> ids;
    while (!list.empty()) {
        const std::string name(list.substr(0, list.find(',')));
        list.remove_prefix(std::min(list.size(), name.size() + 1));
        const auto id = lookup(name);
        if (!id) return Error{fmt::format("cannot get {} '{}': Success (0)", what, name)};
        ids.push_back(*id);
    }
    return ids;
}

Result<os::AccessList> access_list(const config::PoolSettings& pool) {
    auto users = ids_of<uid_t>(pool.listen_acl_users, "uid for user",
                               [](const std::string& name) -> std::optional<uid_t> {
                                   const auto entry = os::find_user(name);
                                   if (!entry) return std::nullopt;
                                   return entry->uid;
                               });
    if (!users) return users.error();
    auto groups = ids_of<gid_t>(pool.listen_acl_groups, "gid for group",
                                [](const std::string& name) { return os::find_group(name); });
    if (!groups) return groups.error();
    return os::AccessList{*std::move(users), *std::move(groups)};
}

Result<link::WorkerSettings> worker_settings(const config::GlobalSettings& global,
                                             const config::PoolSettings& pool, const Options& options,
                                             const MasterFacts& master) {
    link::WorkerSettings worker;
    worker.pool = pool.name;
    worker.process_manager = process_manager_name(pool.pm);
    worker.slots = static_cast<std::uint64_t>(pool.pm_max_children);
    worker.master_pid = master.pid;
    if (master.is_root) {
        auto identity = os::resolve_identity(pool.user, pool.group);
        if (!identity) return Error{fmt::format("[pool {}] {}", pool.name, identity.error().text())};
        // With -R, "root" may be all there is: in a user namespace, or without the right to become another.
        const os::Identity self = os::current_identity();
        worker.change_identity = identity->uid != self.uid || identity->gid != self.gid ? 1 : 0;
        worker.identity = *std::move(identity);
        worker.chroot = pool.chroot;
        const auto priority = pool.process_priority ? pool.process_priority : global.process_priority;
        worker.priority = priority.value_or(master.nice_value);
    } else if (const auto self = os::find_user(os::current_identity().uid)) {
        // For the environment of scripts alone.
        worker.identity.user = self->name;
        worker.identity.home = self->home;
    }
    worker.chdir = pool.chdir;
    worker.rlimit_files = pool.rlimit_files != 0 ? pool.rlimit_files : global.rlimit_files;
    worker.rlimit_core = pool.rlimit_core.is_set() ? pool.rlimit_core.value : global.rlimit_core.value;
    worker.dumpable = pool.process_dumpable ? 1 : 0;
    worker.apparmor_hat = pool.apparmor_hat;
    fill_php(worker, pool, options);
    worker.log_limit = static_cast<std::uint64_t>(global.log_limit);
    worker.log_level = static_cast<std::uint32_t>(global.log_level.value_or(config::LogLevel::notice));
    fill_requests(worker, pool);
    return worker;
}

Result<os::SocketOwner> socket_owner(const config::PoolSettings& pool) {
    os::SocketOwner owner;
    if (!pool.listen_mode.empty())
        owner.mode = static_cast<mode_t>(base::parse_octal_mode(pool.listen_mode).value_or(0));
    auto others = access_list(pool);
    if (!others) return Error{fmt::format("[pool {}] {}", pool.name, others.error().message)};
    owner.others = *std::move(others);
    if (!owner.others.empty()) return owner;  // owner and group do not count then, as in php-fpm
    if (!pool.listen_owner.empty()) {
        auto uid = id_of(pool.listen_owner, "uid for user",
                         [&](const std::string& name) -> std::optional<std::int64_t> {
                             const auto entry = os::find_user(name);
                             if (!entry) return std::nullopt;
                             owner.gid = entry->gid;
                             return entry->uid;
                         });
        if (!uid) return Error{fmt::format("[pool {}] {}", pool.name, uid.error().message)};
        owner.uid = *uid;
    }
    if (!pool.listen_group.empty()) {
        auto gid = id_of(pool.listen_group, "gid for group",
                         [](const std::string& name) -> std::optional<std::int64_t> {
                             const auto group = os::find_group(name);
                             if (!group) return std::nullopt;
                             return *group;
                         });
        if (!gid) return Error{fmt::format("[pool {}] {}", pool.name, gid.error().message)};
        owner.gid = *gid;
    }
    return owner;
}

Result<ListenPlan> plan_listening(const std::string& pool, const std::string& text) {
    ListenPlan plan{text, {}};
    if (text.empty()) return plan;
    auto address = os::parse_listen_address(text);
    if (!address) return address.error();
    // As php-fpm does, which warns of it since 8.3: who has such a path has the cut one in his web server
    // too.
    if (address->path.size() > os::longest_socket_path) address->path.resize(os::longest_socket_path);
    auto numeric = os::numeric_addresses(*address);
    if (!numeric) return Error{fmt::format("[pool {}] {}", pool, numeric.error().text())};
    plan.addresses = *std::move(numeric);
    return plan;
}

Result<PoolPlan> plan_pool(config::PoolSettings settings, const config::GlobalSettings& global,
                           const Options& options, const MasterFacts& master) {
    PoolPlan plan;
    auto worker = worker_settings(global, settings, options, master);
    if (!worker) return worker.error();
    plan.worker = *std::move(worker);
    auto listen = plan_listening(settings.name, settings.listen);
    if (!listen) return listen.error();
    plan.listen = *std::move(listen);
    auto status_listen = plan_listening(settings.name, settings.pm_status_listen);
    if (!status_listen) return status_listen.error();
    plan.status_listen = *std::move(status_listen);
    auto owner = socket_owner(settings);
    if (!owner) return owner.error();
    plan.owner = *std::move(owner);
    plan.settings = std::move(settings);
    return plan;
}

}  // namespace

MasterFacts facts_of_this_process() {
    return {::getpid(), ::geteuid() == 0, ::getpriority(PRIO_PROCESS, 0)};
}

Result<Plan> make_plan(config::Settings settings, const Options& options, const MasterFacts& master) {
    Plan plan{std::move(settings.file), std::move(settings.global), {}};
    for (config::PoolSettings& pool : settings.pools) {
        auto planned = plan_pool(std::move(pool), plan.global, options, master);
        if (!planned) return planned.error();
        plan.pools.push_back(*std::move(planned));
    }
    if (plan.global.reload_scope == config::ReloadScope::changed) stamp(plan, options);
    return plan;
}

}  // namespace phalanx::master
