#include "phalanx/link/worker_settings.hpp"

#include <fmt/format.h>

#include <cstring>

#include "phalanx/base/field_codec.hpp"
#include "phalanx/link/messages.hpp"

namespace phalanx::link {

template <typename Visitor>
void visit_fields(WorkerSettings::Value& value, Visitor& field) {
    field(value.admin);
    field(value.name);
    field(value.value);
}

template <typename Visitor>
void visit_fields(WorkerSettings& s, Visitor& field) {
    field(s.pool);
    field(s.process_manager);
    field(s.slots);
    field(s.master_pid);
    field(s.change_identity);
    field(s.identity.uid);
    field(s.identity.gid);
    field(s.identity.groups);
    field(s.identity.user);
    field(s.identity.home);
    field(s.chroot);
    field(s.chdir);
    field(s.rlimit_files);
    field(s.rlimit_core);
    field(s.priority);
    field(s.dumpable);
    field(s.apparmor_hat);
    field(s.ini_path);
    field(s.ignore_ini);
    field(s.extended_info);
    field(s.ini_defines);
    field(s.php_values);
    field(s.limit_extensions);
    field(s.clear_env);
    field(s.environment);
    field(s.traces);
    field(s.capture_output);
    field(s.log_limit);
    field(s.log_level);
    field(s.max_requests);
    field(s.max_memory);
    field(s.max_lifetime_ms);
    field(s.status_path);
    field(s.ping_path);
    field(s.ping_response);
    field(s.access_format);
    field(s.access_suppress_paths);
    field(s.check_clients);
    field(s.allowed_clients);
    field(s.body_timeout);
    field(s.write_timeout);
}

std::vector<std::byte> encode(const WorkerSettings& settings) {
    base::FieldWriter writer;
    writer(interface_version);
    writer(settings);
    return std::move(writer.bytes);
}

base::Result<WorkerSettings> decode(std::span<const std::byte> bytes) {
    std::uint32_t version = 0;
    if (bytes.size() >= sizeof version) std::memcpy(&version, bytes.data(), sizeof version);
    if (version != interface_version) {
        return base::Error{fmt::format(
            "this worker program speaks version {} of the link, the master {}: install both of one release",
            interface_version, version)};
    }
    return base::decode_fields<WorkerSettings>(bytes.subspan(sizeof version),
                                               "what the master handed over as settings");
}

}  // namespace phalanx::link
