#include "phalanx/link/worker_settings.hpp"

#include <cstring>
#include <type_traits>

namespace phalanx::link {
namespace {

/// Visits every field in one order for writing and reading, so that the two cannot drift apart.
template <typename Settings, typename Visitor>
void visit(Settings& s, Visitor&& field) {
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
    field(s.capture_output);
    field(s.log_limit);
    field(s.max_requests);
    field(s.status_path);
    field(s.ping_path);
    field(s.ping_response);
    field(s.access_format);
    field(s.access_suppress_paths);
    field(s.check_clients);
    field(s.allowed_clients);
}

class Writer {
  public:
    template <typename T>
    void operator()(const T& field) {
        if constexpr (std::is_arithmetic_v<T>) {
            append(&field, sizeof field);
        } else if constexpr (std::is_same_v<T, WorkerSettings::Value>) {
            (*this)(field.admin);
            (*this)(field.name);
            (*this)(field.value);
        } else if constexpr (std::is_same_v<T, std::string>) {
            (*this)(static_cast<std::uint64_t>(field.size()));
            append(field.data(), field.size());
        } else {
            (*this)(static_cast<std::uint64_t>(field.size()));
            for (const auto& item : field) (*this)(item);
        }
    }
    std::vector<std::byte> bytes;

  private:
    void append(const void* data, std::size_t size) {
        const auto* first = static_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), first, first + size);
    }
};

class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <typename T>
    void operator()(T& field) {
        if constexpr (std::is_arithmetic_v<T>) {
            take(&field, sizeof field);
        } else if constexpr (std::is_same_v<T, WorkerSettings::Value>) {
            (*this)(field.admin);
            (*this)(field.name);
            (*this)(field.value);
        } else if constexpr (std::is_same_v<T, std::string>) {
            field.resize(count());
            take(field.data(), field.size());
        } else {
            field.resize(count());
            for (auto& item : field) (*this)(item);
        }
    }
    [[nodiscard]] bool whole() const { return !failed_ && bytes_.empty(); }

  private:
    /// A count of things that take at least a byte each can never exceed the bytes left.
    std::size_t count() {
        std::uint64_t number = 0;
        (*this)(number);
        if (number <= bytes_.size()) return static_cast<std::size_t>(number);
        failed_ = true;
        return 0;
    }
    void take(void* data, std::size_t size) {
        if (size > bytes_.size()) {
            failed_ = true;
            return;
        }
        if (size > 0) std::memcpy(data, bytes_.data(), size);
        bytes_ = bytes_.subspan(size);
    }
    std::span<const std::byte> bytes_;
    bool failed_ = false;
};

}  // namespace

std::vector<std::byte> encode(const WorkerSettings& settings) {
    Writer writer;
    visit(settings, writer);
    return std::move(writer.bytes);
}

base::Result<WorkerSettings> decode(std::span<const std::byte> bytes) {
    WorkerSettings settings;
    Reader reader(bytes);
    visit(settings, reader);
    if (!reader.whole()) return base::Error{"the settings handed over by the master are damaged"};
    return settings;
}

}  // namespace phalanx::link
