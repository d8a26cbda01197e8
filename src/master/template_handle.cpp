#include "template_handle.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstring>
#include <vector>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/shared_memory.hpp"

namespace phalanx::master {
namespace {

using link::MessageHead;
using link::MessageKind;
using os::ReceivedMessage;
using os::Waiting;

/// The form of PHP's versions ("8.2.36-dev+1"): what else a template says there is not for clients.
bool is_version(std::string_view text) {
    constexpr std::size_t longest = 64;
    constexpr std::string_view also = ".-+~:";
    return text.size() <= longest && std::ranges::all_of(text, [also](unsigned char byte) {
               return std::isalnum(byte) != 0 || also.find(static_cast<char>(byte)) != std::string_view::npos;
           });
}

/// A template that has failed ends by itself within this.
constexpr std::chrono::milliseconds end_limit{1000};

/// One entry for each worker of a batch, at most. Empty: it has not that form.
template <typename Entry>
std::vector<Entry> list_in(std::span<const std::byte> payload) {
    const std::size_t count = payload.size() / sizeof(Entry);
    if (payload.size() % sizeof(Entry) != 0 || count > link::max_spawn_batch) return {};
    std::vector<Entry> entries(count);
    if (count > 0) std::memcpy(entries.data(), payload.data(), payload.size());
    return entries;
}

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
    output_ = std::make_unique<OutputPipe>(loop_, share_, std::move(output->read_end),
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
    failed_timer_.cancel();
    if (channel_ && !os::discard_unread(channel_.get(), os::Options::ours_alone))
        foreign_.keep(std::move(channel_));
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
    turn_.handle([this] {
        receive();
        return TimeShare::Cause::own_accord;
    });
}

void TemplateHandle::receive() {
    static std::array<std::byte, link::max_message_bytes> room;
    ReceivedMessage message = os::receive_message(channel_.get(), room, 0, Waiting::no);
    const bool sends_descriptors = !message.fds.empty();
    foreign_.take(std::move(message.fds));
    if (message.state == ReceivedMessage::State::nothing) return;
    if (message.state == ReceivedMessage::State::end) return end_for_nonsense();
    MessageHead head;
    const bool has_form = !message.cut && message.size >= sizeof head;
    if (has_form) std::memcpy(&head, room.data(), sizeof head);
    if (has_form && take_message(head, std::span(room).first(message.size).subspan(sizeof head))) return;
    end_for_nonsense();
    events_.template_broke_rules(sends_descriptors ? Breach::grave : Breach::plain);
}

bool TemplateHandle::take_message(const MessageHead& head, std::span<const std::byte> payload) {
    if (head.kind == MessageKind::traced) {
        const auto part = link::decode_trace(payload);
        return part && events_.template_traced(*part, (head.flags & link::flag_more) != 0);
    }
    if (head.kind == MessageKind::made) return take_made(payload);
    if (head.kind == MessageKind::unmade) return take_unmade(payload);
    if (head.kind == MessageKind::said) return take_said(head.flags, payload);
    if (life_ != TemplateLife::starting) return false;
    if (head.kind == MessageKind::ready) {
        const std::string_view version(reinterpret_cast<const char*>(payload.data()), payload.size());
        life_ = TemplateLife::ready;
        PhpIdentity php;
        if (is_version(version)) php = {std::string(version), (head.flags & link::flag_exposed) != 0};
        events_.template_ready(std::move(php));
        return true;
    }
    if (head.kind != MessageKind::failed) return false;
    failed(payload);
    return true;
}

bool TemplateHandle::take_said(std::uint32_t level, std::span<const std::byte> text) {
    if (level > static_cast<std::uint32_t>(log::Level::error)) return false;
    events_.php_said(static_cast<log::Level>(level),
                     {reinterpret_cast<const char*>(text.data()), text.size()});
    return true;
}

bool TemplateHandle::take_made(std::span<const std::byte> payload) {
    const auto workers = list_in<link::MadeWorker>(payload);
    if (life_ != TemplateLife::ready || workers.empty()) return false;
    events_.workers_made(workers);
    return true;
}

bool TemplateHandle::take_unmade(std::span<const std::byte> payload) {
    const auto orders = list_in<link::SpawnOrder>(payload);
    if (life_ != TemplateLife::ready || orders.empty()) return false;
    events_.workers_unmade(orders);
    return true;
}

/// Its last word.
void TemplateHandle::failed(std::span<const std::byte> step) {
    channel_watch_ = {};
    failed_timer_.start(end_limit, [this] { signal(SIGKILL); });
    events_.template_failed({reinterpret_cast<const char*>(step.data()), step.size()});
}

}  // namespace phalanx::master
