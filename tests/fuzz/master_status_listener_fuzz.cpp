// What clients can do at the address where the master itself answers: bytes in pieces, byte 0 saying how long
// they are and whether the client ends its side. The answer consists of whole records and does not depend on
// the pieces, as long as it is an answer to a request; in the end no descriptor is left.

#include <memory>

#include "choices.hpp"
#include "fastcgi/wire.hpp"
#include "phalanx/fastcgi/record.hpp"
#include "sockets.hpp"
#include "status_listener.hpp"

namespace phalanx::master {
namespace {

using fuzz::require;

status::PoolSnapshot snapshot() {
    status::PoolSnapshot pool;
    pool.pool = "www";
    pool.process_manager = "static";
    pool.workers.resize(2);
    pool.workers[0].uri = "/<a&\"b'\x01\xff";
    return pool;
}

std::string received(const os::UniqueFd& client) {
    std::string text;
    char room[4096];
    for (ssize_t size = 0; (size = ::recv(client.get(), room, sizeof room, 0)) > 0;)
        text.append(room, static_cast<std::size_t>(size));
    return text;
}

/// All that comes back for the bytes.
std::string ask(std::string_view bytes, std::size_t step, bool ends) {
    auto loop = EventLoop::create();
    require(loop.has_value());
    log::ErrorLog log;
    os::ListenSocket socket;
    socket.fd = fuzz::listen_anywhere();
    const os::UniqueFd client = fuzz::connect_to(socket.fd);
    const config::PoolSettings settings;
    ConnectionBudget budget{16};
    ClientLog client_log(log, settings);
    status::LinePage page{};
    const OwnPages pages({"/status", "/ping", "pong", {}, &snapshot});
    StatusListener listener({**loop, settings, budget, client_log, page, log, pages}, std::move(socket));
    require(listener.start().has_value());
    while (!bytes.empty()) {
        fuzz::send_some(client, bytes.substr(0, step));
        bytes.remove_prefix(std::min(step, bytes.size()));
        (*loop)->run_ready();
    }
    (*loop)->run_ready();
    std::string answer = received(client);
    if (ends) (void)::shutdown(client.get(), SHUT_WR);
    (*loop)->run_ready();
    answer += received(client);
    listener.stop();
    return answer;
}

fastcgi::RecordHeader first_header(std::string_view records) {
    require(records.size() >= fastcgi::kHeaderBytes);
    return fastcgi::RecordHeader::decode(fastcgi::wire::as_bytes(records).first<fastcgi::kHeaderBytes>());
}

/// Whole records, END_REQUEST the last if there is one.
void check_records(std::string_view answer) {
    while (!answer.empty()) {
        const fastcgi::RecordHeader header = first_header(answer);
        require(answer.size() >= fastcgi::kHeaderBytes + header.following());
        answer.remove_prefix(fastcgi::kHeaderBytes + header.following());
        require(header.type != fastcgi::RecordType::end_request || answer.empty());
    }
}

bool begins_with_question(std::string_view answer) {
    return !answer.empty() && first_header(answer).request_id == fastcgi::kNullRequestId;
}

void compare(std::string_view bytes, std::size_t step, bool ends) {
    const std::string whole = ask(bytes, bytes.size(), ends);
    const std::string cut = ask(bytes, step, ends);
    check_records(cut);
    check_records(whole);
    // A question about the server is answered and the connection closed; what was seen behind it is a matter
    // of time.
    if (!begins_with_question(whole)) require(whole == cut);
}

}  // namespace
}  // namespace phalanx::master

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const int before = phalanx::fuzz::lowest_free_descriptor();
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    phalanx::master::compare(bytes, std::size_t{data[0]} / 2 + 1, (data[0] & 1U) != 0);
    phalanx::fuzz::require(phalanx::fuzz::lowest_free_descriptor() == before);
    return 0;
}
