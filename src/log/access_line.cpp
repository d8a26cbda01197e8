#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <ctime>
#include <iterator>

#include "phalanx/log/access_log.hpp"
#include "phalanx/log/escape.hpp"

namespace phalanx::log {
namespace {

/// Longest text one %{...}t may give: more than any of php-fpm's formats of 128 bytes, most of whose
/// conversions give less than 32.
constexpr std::size_t max_time_text = 8192;

template <typename... Args>
void print(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

void append_quoted(std::string& out, std::string_view text) {
    append_escaped(out, text, Escaping::quoted);
}

void append_or_dash(std::string& out, std::string_view text) {
    append_quoted(out, text.empty() ? "-" : text);
}

double percent(std::chrono::microseconds part, std::chrono::microseconds whole) {
    if (whole.count() <= 0) return 0;
    return 100.0 * static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

/// Month and day names must not follow a script's setlocale(). Made once, never freed.
locale_t c_locale() {
    static const locale_t locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
}

}  // namespace

void AccessFormat::append_time(std::string& out, Part& part, std::int64_t second) {
    if (part.cached_second != second) {
        const std::time_t moment = second;
        std::tm local{};
        std::array<char, max_time_text> text;
        const bool known = ::localtime_r(&moment, &local) != nullptr;
        const std::size_t length =
            known ? ::strftime_l(text.data(), text.size(), part.argument.c_str(), &local, c_locale()) : 0;
        part.cached_text.assign(text.data(), length);
        part.cached_second = second;
    }
    out += part.cached_text;
}

void AccessFormat::append_number(std::string& out, Kind kind, const AccessRecord& record) {
    const auto micros = static_cast<double>(record.duration.count());
    const auto waited = static_cast<double>(record.waited.count());
    switch (kind) {
        case Kind::cpu_total:
            return print(out, "{:.2f}", percent(record.cpu_user + record.cpu_system, record.duration));
        case Kind::cpu_user:
            return print(out, "{:.2f}", percent(record.cpu_user, record.duration));
        case Kind::cpu_system:
            return print(out, "{:.2f}", percent(record.cpu_system, record.duration));
        case Kind::seconds:
            return print(out, "{:.3f}", micros / 1e6);
        case Kind::milliseconds:
            return print(out, "{:.3f}", micros / 1e3);
        case Kind::microseconds:
            return print(out, "{}", record.duration.count());
        case Kind::waited_seconds:
            return print(out, "{:.3f}", waited / 1e6);
        case Kind::waited_milliseconds:
            return print(out, "{:.3f}", waited / 1e3);
        case Kind::waited_microseconds:
            return print(out, "{}", record.waited.count());
        case Kind::memory_bytes:
            return print(out, "{}", record.memory_peak);
        case Kind::memory_kilobytes:
            return print(out, "{}", record.memory_peak / 1024);
        case Kind::memory_megabytes:
            return print(out, "{}", record.memory_peak / 1024 / 1024);
        case Kind::content_length:
            return print(out, "{}", record.content_length);
        case Kind::worker_pid:
            return print(out, "{}", record.worker_pid);
        case Kind::master_pid:
            return print(out, "{}", record.master_pid);
        case Kind::status:
            return print(out, "{}", record.status);
        default:
            return;
    }
}

void AccessFormat::append_part(std::string& out, Part& part, const AccessRecord& record,
                               const AccessSource& source) {
    switch (part.kind) {
        case Kind::literal:
            out += part.argument;
            return;
        case Kind::param: {
            const std::optional<std::string_view> value = source.param(part.argument);
            return append_quoted(out, value ? *value : "-");
        }
        case Kind::response_header:
            return append_or_dash(out, source.response_header(part.argument));
        case Kind::script:
            return append_or_dash(out, record.script);
        case Kind::method:
            return append_or_dash(out, record.method);
        case Kind::peer:
            return append_or_dash(out, record.peer);
        case Kind::pool:
            return append_or_dash(out, record.pool);
        case Kind::query:
            return append_quoted(out, record.query);
        case Kind::question_mark:
            if (!record.query.empty()) out += '?';
            return;
        case Kind::uri:
            return append_quoted(out, record.uri);
        case Kind::user:
            return append_quoted(out, record.user);
        case Kind::accepted_at:
            return append_time(out, part, record.accepted_at);
        case Kind::written_at:
            return append_time(out, part, record.written_at);
        default:
            return append_number(out, part.kind, record);
    }
}

void AccessFormat::append_line(std::string& out, const AccessRecord& record, const AccessSource& source) {
    const std::size_t begin = out.size();
    for (Part& part : parts_) append_part(out, part, record, source);
    if (out.size() > begin) out += '\n';
}

bool is_suppressed(std::span<const std::string> paths, const AccessRecord& record) {
    if (record.method != "GET" && record.method != "HEAD") return false;
    if (!record.query.empty() || record.content_length > 0) return false;
    if (record.status < 200 || record.status > 299) return false;
    return std::any_of(paths.begin(), paths.end(),
                       [&](const std::string& path) { return path == record.uri; });
}

}  // namespace phalanx::log
