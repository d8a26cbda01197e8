#include "phalanx/base/field_codec.hpp"
#include "phalanx/config/settings_codec.hpp"
#include "phalanx/master/plan.hpp"

namespace phalanx::os {

template <typename Visitor>
void visit_fields(AccessList& list, Visitor& field) {
    field(list.users);
    field(list.groups);
}

template <typename Visitor>
void visit_fields(SocketOwner& owner, Visitor& field) {
    field(owner.uid);
    field(owner.gid);
    field(owner.mode);
    field(owner.others);
}

template <typename Visitor>
void visit_fields(ListenAddress& address, Visitor& field) {
    field(address.kind);
    field(address.path);
    field(address.host);
    field(address.port);
}

}  // namespace phalanx::os

namespace phalanx::master {
namespace {

using Bytes = std::vector<std::byte>;

base::Error damaged() {
    return base::Error{"the configuration that was read is damaged"};
}

}  // namespace

template <typename Visitor>
void visit_fields(ListenPlan& plan, Visitor& field) {
    field(plan.text);
    field(plan.addresses);
}

Bytes encode(const Plan& plan) {
    config::Settings settings{plan.file, plan.global, {}};
    for (const PoolPlan& pool : plan.pools) settings.pools.push_back(pool.settings);
    base::FieldWriter writer;
    writer(config::encode(settings));
    for (const PoolPlan& pool : plan.pools) {
        writer(link::encode(pool.worker));
        writer(pool.owner);
        writer(pool.listen);
        writer(pool.status_listen);
        writer(pool.stamp);
    }
    return std::move(writer.bytes);
}

base::Result<Plan> decode_plan(std::span<const std::byte> bytes) {
    base::FieldReader reader(bytes);
    Bytes part;
    reader(part);
    auto settings = config::decode(part);
    if (!settings) return settings.error();
    Plan plan{std::move(settings->file), std::move(settings->global), {}};
    for (config::PoolSettings& pool_settings : settings->pools) {
        PoolPlan& pool = plan.pools.emplace_back();
        pool.settings = std::move(pool_settings);
        reader(part);
        auto worker = link::decode(part);
        if (!worker) return damaged();
        pool.worker = *std::move(worker);
        reader(pool.owner);
        reader(pool.listen);
        reader(pool.status_listen);
        reader(pool.stamp);
    }
    if (!reader.whole()) return damaged();
    return plan;
}

}  // namespace phalanx::master
