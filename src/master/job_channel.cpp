#include "job_channel.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "jobs_ahead.hpp"
#include "phalanx/os/lingering.hpp"
#include "phalanx/os/shared_memory.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using link::MessageHead;
using link::MessageKind;
using os::ReceivedMessage;
using os::SendResult;
using os::Waiting;

/// The largest jobs that a worker may be given ahead; what the kernel counts for each is up to twice its
/// bytes.
constexpr std::size_t room_for_messages = 2 * (JobsAhead::most_jobs + 2) * link::max_message_bytes;

/// One packet at a time is looked at, so one room serves the whole (single-threaded) master.
std::span<std::byte> packet_room() {
    static std::array<std::byte, link::max_message_bytes> room;
    return room;
}

std::span<const std::byte> bytes_view(const std::string& text) {
    return std::as_bytes(std::span(text));
}

/// A job's bytes from a packet that came back: inline, or in the memfd behind the connection's descriptor.
std::string job_bytes(const MessageHead& head, std::span<const std::byte> payload,
                      const ReceivedMessage& message) {
    if ((head.flags & link::flag_in_memory) == 0)
        return {reinterpret_cast<const char*>(payload.data()), payload.size()};
    if (message.fds.size() < 2) return {};
    auto mapping = os::Mapping::map(message.fds[1].get(), head.size, os::Access::read_only);
    if (!mapping) return {};
    return {reinterpret_cast<const char*>(mapping->bytes().data()), head.size};
}

}  // namespace

base::Result<JobChannel> JobChannel::create() {
    auto ends = os::make_message_pair();
    if (!ends) return ends.error();
    JobChannel channel;
    channel.ends_ = *std::move(ends);
    os::make_room_to_send(channel.ends_.here.get(), room_for_messages);
    return channel;
}

JobChannel::Sent JobChannel::send(Job& job, int held_fd) {
    constexpr std::uint64_t longest_wait = std::numeric_limits<std::uint32_t>::max();
    MessageHead head{MessageKind::job,
                     0,
                     {},
                     static_cast<std::uint32_t>(job.bytes.size()),
                     static_cast<std::uint32_t>(std::min(job.waited_usec, longest_wait))};
    std::array<int, 2> fds{job.held ? held_fd : job.fd.get(), -1};
    std::size_t fd_count = 1;
    if (job.held) {
        head.flags |= link::flag_master_holds;
        head.connection = *job.held;
    }
    std::span<const std::byte> payload = bytes_view(job.bytes);
    os::UniqueFd memory;
    if (payload.size() > link::max_inline_bytes) {
        auto made = os::make_memory_with("phalanx-head", payload);
        if (!made) return Sent::no_memory;
        memory = *std::move(made);
        head.flags |= link::flag_in_memory;
        fds[fd_count++] = memory.get();
        payload = {};
    }
    const auto sent = os::send_message(ends_.here.get(), link::bytes_of(head), payload,
                                       std::span(fds).first(fd_count), Waiting::no);
    if (sent == SendResult::would_block) return Sent::full;
    if (sent != SendResult::sent) return Sent::unreachable;
    if (!job_sent_at_) job_sent_at_ = base::Monotonic::now();
    if (job.fd) os::stop_lingering(job.fd.get());
    job.fd.reset();
    return Sent::yes;
}

void JobChannel::end_sending() {
    os::end_sending(ends_.here.get());
}

bool JobChannel::send_control(MessageKind kind, int fd) {
    const MessageHead head{kind, 0, {}, 0};
    const std::span<const int> fds(&fd, fd >= 0 ? 1 : 0);
    return os::send_message(ends_.here.get(), link::bytes_of(head), {}, fds, Waiting::no) == SendResult::sent;
}

JobChannel::TakenBack JobChannel::take_back() {
    std::vector<Job> jobs;
    std::vector<std::pair<MessageHead, os::UniqueFd>> controls;
    job_sent_at_.reset();
    for (;;) {
        ReceivedMessage message = os::receive_message(ends_.there.get(), packet_room(), 2, Waiting::no);
        if (message.state != ReceivedMessage::State::message || message.size < sizeof(MessageHead)) break;
        MessageHead head;
        std::memcpy(&head, packet_room().data(), sizeof head);
        if (head.kind != MessageKind::job) {
            controls.emplace_back(head, message.fds.empty() ? os::UniqueFd() : std::move(message.fds[0]));
            continue;
        }
        if (message.fds.empty()) continue;
        Job job;
        job.waited_usec = head.waited_usec;
        job.bytes = job_bytes(head, packet_room().subspan(sizeof head, message.size - sizeof head), message);
        if ((head.flags & link::flag_master_holds) != 0) {
            job.held = head.connection;
            os::stop_lingering(message.fds[0].get());
        } else {
            job.fd = std::move(message.fds[0]);
        }
        jobs.push_back(std::move(job));
    }
    bool lost_controls = false;
    for (const auto& [head, fd] : controls)
        lost_controls = !send_control(head.kind, fd.get()) || lost_controls;
    return {std::move(jobs), !controls.empty(), lost_controls};
}

JobChannel::Received JobChannel::receive(Note& note) {
    ReceivedMessage message = os::receive_message(ends_.here.get(), packet_room(), 1, Waiting::no);
    if (message.state != ReceivedMessage::State::message) {
        return message.state == ReceivedMessage::State::nothing ? Received::nothing : Received::malformed;
    }
    if (message.lost_fds && message.fds.empty()) return Received::lost;
    note.sender = message.sender;
    if (message.cut) note.surplus = std::move(message.fds);
    if (!message.fds.empty()) note.fd = std::move(message.fds[0]);
    if (message.cut || message.size < sizeof(MessageHead)) return Received::malformed;
    std::memcpy(&note.head, packet_room().data(), sizeof note.head);
    const auto payload = packet_room().subspan(sizeof note.head, message.size - sizeof note.head);
    if (note.head.size != payload.size()) return Received::malformed;
    note.bytes.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
    return Received::note;
}

os::UniqueFd JobChannel::close() {
    os::UniqueFd kept;
    if (ends_.here && !os::discard_unread(ends_.here.get(), os::Options::ours_alone))
        kept = std::move(ends_.here);
    ends_ = {};
    return kept;
}

}  // namespace phalanx::master
