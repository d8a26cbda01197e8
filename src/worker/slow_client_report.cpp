#include "slow_client_report.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::worker {
namespace {

/// What a text ends in that is longer than its place.
constexpr std::string_view cut_mark = "...";

/// What a client has said of itself may be as long as a head.
void put(std::span<char> place, std::string_view text) {
    const bool is_cut = text.size() > place.size();
    std::ranges::copy(text.substr(0, place.size() - (is_cut ? cut_mark.size() : 0)), place.begin());
    if (is_cut) std::ranges::copy(cut_mark, place.end() - static_cast<std::ptrdiff_t>(cut_mark.size()));
}

}  // namespace

void SlowClientReport::tell(link::SlowClient how, int connection) const {
    if (!channel_) return;
    link::SlowClientNote note{.how = how};
    put(note.client, os::peer_name(connection));
    put(note.method, params_.find("REQUEST_METHOD").value_or("-"));
    put(note.target, params_.find("REQUEST_URI").value_or("-"));
    const link::MessageHead head{link::MessageKind::slow_client, 0, {}, sizeof note};
    (void)os::send_message(channel_.get(), link::bytes_of(head), link::bytes_of(note), {}, os::Waiting::no);
}

}  // namespace phalanx::worker
