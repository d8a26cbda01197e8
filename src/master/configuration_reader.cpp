#include "configuration_reader.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "diagnostic_codec.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

/// How long it may take; a name service that does not answer must not hold back the next reading.
constexpr std::chrono::seconds reading_limit{30};
/// More than the largest configuration that can be loaded.
constexpr std::size_t most_bytes = std::size_t{1} << 30;

/// The child's part.
NewConfiguration read_configuration(const Options& options, const MasterFacts& facts) {
    config::LoadResult loaded = options.read_configuration();
    NewConfiguration result{std::nullopt, std::move(loaded.diagnostics)};
    if (!loaded.settings) return result;
    auto plan = make_plan(*std::move(loaded.settings), options, facts);
    // This process is a copy: what it cannot be given the master cannot have either.
    const base::Result<void> limited = plan ? options.limit(plan->global) : plan.error();
    if (limited) {
        result.plan = *std::move(plan);
    } else {
        result.diagnostics.push_back({config::LogLevel::error, limited.error().text()});
    }
    return result;
}

void write_result(int fd, const NewConfiguration& result) {
    base::FieldWriter writer;
    writer(result.diagnostics);
    writer(result.plan ? encode(*result.plan) : std::vector<std::byte>());
    (void)os::write_all(fd, {reinterpret_cast<const char*>(writer.bytes.data()), writer.bytes.size()});
}

}  // namespace

void ConfigurationReader::start(Done done) {
    done_ = std::move(done);
    bytes_.clear();
    auto pipe = os::make_pipe();
    if (!pipe) return fail(pipe.error().text());
    const int answer = pipe->write_end.get();
    auto child = os::start_copy(
        answer, [this, answer] { write_result(answer, read_configuration(options_, facts_)); });
    if (!child) return fail(child.error().text());
    child_ = *std::move(child);
    answer_ = std::move(pipe->read_end);
    (void)os::set_non_blocking(answer_.get());
    auto watch = loop_.watch(answer_.get(), EPOLLIN, *this);
    if (!watch) return fail(watch.error().text());
    watch_ = *std::move(watch);
    timer_.start(reading_limit, [this] { fail("reading the configuration takes too long"); });
}

void ConfigurationReader::cancel() {
    watch_ = {};
    answer_.reset();
    timer_.cancel();
    done_ = nullptr;
    if (child_.pidfd) (void)os::send_signal(child_.pidfd, SIGKILL);
}

bool ConfigurationReader::child_ended(const os::ChildEnd& end) {
    if (child_.pid == 0 || end.pid != child_.pid) return false;
    child_ = {};
    return true;
}

void ConfigurationReader::on_ready(std::uint32_t) {
    std::array<std::byte, 65'536> room;
    const ssize_t size = ::read(answer_.get(), room.data(), room.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return finish();
    bytes_.insert(bytes_.end(), room.begin(), room.begin() + size);
    if (bytes_.size() > most_bytes) fail("the configuration is too large");
}

void ConfigurationReader::finish() {
    NewConfiguration result;
    base::FieldReader reader(bytes_);
    std::vector<std::byte> plan_bytes;
    reader(result.diagnostics);
    reader(plan_bytes);
    if (!reader.whole()) return fail("the process that reads the configuration has died");
    if (!plan_bytes.empty()) {
        auto plan = decode_plan(plan_bytes);
        if (!plan) return fail(plan.error().text());
        result.plan = *std::move(plan);
    }
    end_with(std::move(result));
}

void ConfigurationReader::fail(std::string text) {
    NewConfiguration result;
    result.diagnostics.push_back({config::LogLevel::error, std::move(text)});
    end_with(std::move(result));
}

void ConfigurationReader::end_with(NewConfiguration result) {
    const Done done = std::move(done_);
    cancel();
    bytes_ = {};
    if (done) done(std::move(result));
}

}  // namespace phalanx::master
