#include "template_handle.hpp"

#include <array>
#include <csignal>
#include <cstring>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/shared_memory.hpp"

namespace phalanx::master {
namespace {

using link::MessageHead;
using link::MessageKind;
using os::ReceivedMessage;
using os::Waiting;

}  // namespace

base::Result<void> TemplateHandle::start(const TemplateStart& start) {
    auto channel = os::make_message_pair();
    if (!channel) return channel.error();
    auto output = os::make_pipe();
    if (!output) return output.error();
    auto nothing = os::open_for_reading("/dev/null");
    if (!nothing) return nothing.error();
    auto settings = os::make_memory_with("phalanx-settings", start.settings);
    if (!settings) return settings.error();

    const MessageHead setup{MessageKind::setup, 0, {}, 0};
    std::vector<int> fds{settings->get(), start.workers_page, start.master_page, start.listener, start.wake};
    if (start.access_log >= 0) fds.push_back(start.access_log);
    const auto sent = os::send_message(channel->here.get(), link::bytes_of(setup), {}, fds, Waiting::no);
    if (sent != os::SendResult::sent) return base::system_error("failed to send the template its settings");

    os::ProgramStart program;
    program.path = start.program;
    program.arguments = {start.program, "--template"};
    program.environment = start.environment;
    program.file_limit = start.file_limit;
    program.descriptors = {{nothing->get(), 0},
                           {output->write_end.get(), 1},
                           {output->write_end.get(), 2},
                           {channel->there.get(), link::template_channel_fd}};
    auto child = os::start_program(program);
    if (!child) return child.error();

    auto watch = loop_.watch(channel->here.get(), EPOLLIN, *this);
    if (!watch) return watch.error();
    channel_watch_ = *std::move(watch);
    channel_ = std::move(channel->here);
    child_ = *std::move(child);
    output_ = std::make_unique<OutputPipe>(loop_, std::move(output->read_end),
                                           [this](std::string_view text) { events_.template_said(text); });
    life_ = TemplateLife::starting;
    started_at_ = base::Monotonic::now();
    return {};
}

bool TemplateHandle::spawn(std::span<const link::SpawnOrder> orders, std::span<const int> descriptors,
                           std::uint32_t flags) {
    const auto payload = std::as_bytes(orders);
    const MessageHead head{MessageKind::spawn, flags, {}, static_cast<std::uint32_t>(payload.size())};
    return os::send_message(channel_.get(), link::bytes_of(head), payload, descriptors, Waiting::no) ==
           os::SendResult::sent;
}

bool TemplateHandle::trace(const link::TraceOrder& order) {
    const MessageHead head{MessageKind::trace, 0, {}, sizeof order};
    return channel_ && os::send_message(channel_.get(), link::bytes_of(head), link::bytes_of(order), {},
                                        Waiting::no) == os::SendResult::sent;
}

void TemplateHandle::replace_log(int fd) {
    const MessageHead head{MessageKind::replace_log, 0, {}, 0};
    if (channel_)
        (void)os::send_message(channel_.get(), link::bytes_of(head), {}, std::span(&fd, 1), Waiting::no);
}

void TemplateHandle::ended() {
    if (output_) output_->finish();
    output_.reset();
    channel_watch_ = {};
    if (channel_) foreign_.take(os::take_unread_descriptors(channel_.get()));
    channel_.reset();
    child_ = {};
    life_ = TemplateLife::absent;
}

void TemplateHandle::signal(int number) {
    (void)os::send_signal(child_.pidfd, number);
}

/// Its end is closed or it talks nonsense: either way the process is of no more use.
void TemplateHandle::end_for_nonsense() {
    channel_watch_ = {};
    signal(SIGKILL);
}

void TemplateHandle::on_ready(std::uint32_t) {
    static std::array<std::byte, link::max_message_bytes> room;
    ReceivedMessage message = os::receive_message(channel_.get(), room, 0, Waiting::no);
    foreign_.take(std::move(message.fds));
    if (message.state == ReceivedMessage::State::nothing) return;
    if (message.state == ReceivedMessage::State::end || message.cut || message.size < sizeof(MessageHead)) {
        return end_for_nonsense();
    }
    MessageHead head;
    std::memcpy(&head, room.data(), sizeof head);
    if (head.kind == MessageKind::ready && life_ == TemplateLife::starting) {
        life_ = TemplateLife::ready;
        events_.template_ready();
    } else if (head.kind == MessageKind::traced) {
        const auto part = link::decode_trace(std::span(room).first(message.size).subspan(sizeof head));
        if (!part) return end_for_nonsense();
        events_.template_traced(*part, (head.flags & link::flag_more) != 0);
    } else if (head.kind == MessageKind::unmade) {
        std::array<link::SpawnOrder, link::max_spawn_batch> orders;
        const std::size_t size = message.size - sizeof head;
        if (size > sizeof orders || size % sizeof orders[0] != 0) return end_for_nonsense();
        std::memcpy(orders.data(), room.data() + sizeof head, size);
        events_.workers_unmade(std::span(orders).first(size / sizeof orders[0]));
    } else if (head.kind == MessageKind::failed) {
        events_.template_failed(
            {reinterpret_cast<const char*>(room.data()) + sizeof head, message.size - sizeof head});
    }
}

}  // namespace phalanx::master
