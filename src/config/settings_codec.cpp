#include "phalanx/config/settings_codec.hpp"

#include "directives.hpp"
#include "phalanx/base/field_codec.hpp"

namespace phalanx::config {
namespace {

/// Every directive that has a member of its own: the tables of directives say which there are.
template <typename Settings, typename Directives, typename Visitor>
void visit_directives(Settings& settings, const Directives& directives, Visitor& field) {
    for (const auto& directive : directives) {
        std::visit(
            [&](const auto& home) {
                if constexpr (!std::is_same_v<std::decay_t<decltype(home)>, PhpValueHome>)
                    field(settings.*home);
            },
            directive.home);
    }
}

}  // namespace

template <typename Visitor>
void visit_fields(NamedValue& value, Visitor& field) {
    field(value.name);
    field(value.value);
    field(value.written);
}

template <typename Visitor>
void visit_fields(PhpValue& value, Visitor& field) {
    field(value.kind);
    field(value.name);
    field(value.value);
}

template <typename Visitor>
void visit_fields(ResourceLimit& limit, Visitor& field) {
    field(limit.value);
}

template <typename Visitor>
void visit_fields(ByteSize& size, Visitor& field) {
    field(size.bytes);
}

template <typename Visitor>
void visit_fields(GlobalSettings& settings, Visitor& field) {
    visit_directives(settings, global_directives(), field);
    field(settings.watchdog_interval);
    field(settings.written);
}

template <typename Visitor>
void visit_fields(PoolSettings& settings, Visitor& field) {
    field(settings.name);
    visit_directives(settings, pool_directives(), field);
    field(settings.listen_allowed_clients_set);
    field(settings.php_values);
    field(settings.written);
}

template <typename Visitor>
void visit_fields(Settings& settings, Visitor& field) {
    field(settings.file);
    field(settings.global);
    field(settings.pools);
}

std::vector<std::byte> encode(const Settings& settings) {
    return base::encode_fields(settings);
}

base::Result<Settings> decode(std::span<const std::byte> bytes) {
    return base::decode_fields<Settings>(bytes, "the configuration that was read");
}

}  // namespace phalanx::config
