#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "phalanx/base/ids.hpp"

namespace phalanx::link {

/// What master and worker program both have to speak. Raised with every change of what passes between them:
/// messages, settings, shared pages, the scoreboard.
inline constexpr std::uint32_t interface_version = 6;

/// What travels on the channels, one packet each: a MessageHead, then `size` bytes. Both ends are of the same
/// release on the same machine, so numbers have the host's form. The master believes none of it: it checks
/// kind and size, looks ids up in its own tables and takes at most one descriptor.
enum class MessageKind : std::uint32_t {
    // master -> worker
    job = 1,      ///< descriptor: the connection; bytes: what was read of it (descriptor 2: memfd with more)
    recheck,      ///< the last job was taken back
    replace_log,  ///< descriptor: the access log, opened anew
    leave,        ///< go after what you are doing
    // worker -> master
    hello,        ///< the first word; the master takes the pid from the kernel's credentials
    kept,         ///< a connection the master holds too is free again; bytes: read past the last request
    give,         ///< descriptor: a connection the worker accepted and will not wait for; bytes as for `kept`
    slow_client,  ///< bytes: a SlowClientNote, for the log; nothing depends on it
    // master -> template
    setup,  ///< descriptors: see TemplateFd; bytes: none, the settings are in a memfd
    spawn,  ///< bytes: SpawnOrder per worker; descriptors: one channel each, then output pipes if captured
    trace,  ///< bytes: a TraceOrder
    // template -> master
    said,    ///< what PHP says outside of workers; flags: its level as a log::Level; bytes: its text
    ready,   ///< PHP has started; bytes: its version
    failed,  ///< bytes: the step that failed, in words
    made,    ///< bytes: a MadeWorker each; before any of them can be reaped
    unmade,  ///< bytes: the SpawnOrder of each worker that could not be made
    traced,  ///< bytes: a part of a Trace, in the order of the orders; the last one without flag_more
};

/// Names a connection in the master's table; a stale one is told by its generation.
struct ConnectionId {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
    auto operator<=>(const ConnectionId&) const = default;
};

/// MessageHead::flags
/// job: the master keeps a duplicate, report with `kept`
inline constexpr std::uint32_t flag_master_holds = 1;
/// job: the bytes read are in the memfd that comes along
inline constexpr std::uint32_t flag_in_memory = 2;
/// kept: the connection is over
inline constexpr std::uint32_t flag_closed = 4;
/// spawn: two output pipes per worker follow
inline constexpr std::uint32_t flag_capture_output = 8;
/// give: a request of the connection has been answered
inline constexpr std::uint32_t flag_served = 16;
/// traced: another part follows
inline constexpr std::uint32_t flag_more = 32;
/// give, or kept with flag_closed: the client has its answer and may still be sending: take and drop that
inline constexpr std::uint32_t flag_drain = 64;
/// ready: clients may see the version (php.ini's expose_php)
inline constexpr std::uint32_t flag_exposed = 128;

struct MessageHead {
    MessageKind kind = MessageKind::hello;
    std::uint32_t flags = 0;
    ConnectionId connection;
    std::uint32_t size = 0;         ///< bytes that follow
    std::uint32_t waited_usec = 0;  ///< job: how long its request waited in the master's line; clamped
};

/// The bytes one message may carry behind its head; more of a job's travel in a memfd.
inline constexpr std::size_t max_inline_bytes = 32 * 1024;
inline constexpr std::size_t max_message_bytes = sizeof(MessageHead) + max_inline_bytes;

/// What a client has kept a worker waiting for until it was given up.
enum class SlowClient : std::uint32_t {
    sending,  ///< the rest of a request's body: request_body_timeout
    taking    ///< taking its answer: response_write_timeout
};

/// Who that was, in the worker's words; its texts end at their first NUL, or with their room.
struct SlowClientNote {
    SlowClient how = SlowClient::sending;
    std::array<char, 64> client{};  ///< os::peer_name()
    std::array<char, 32> method{};  ///< of the request; "-" where there is none, as for the next
    std::array<char, 204> target{};
};

/// One worker to make.
struct SpawnOrder {
    std::uint16_t slot = 0;
};

/// One that was made. The number only serves to recognise its end, should it die before its hello, among
/// those of processes that nobody else knows: no signal goes there.
struct MadeWorker {
    std::uint16_t slot = 0;
    std::int32_t pid = 0;
};

/// Workers of one spawn message: three descriptors each have to fit.
inline constexpr std::size_t max_spawn_batch = 32;

/// The descriptors of `setup`, in this order; the access log is left out where there is none.
enum class TemplateFd : std::uint8_t { settings, workers_page, master_page, listener, wake, access_log };
inline constexpr std::size_t template_fds_without_log = 5;

/// The descriptor at which the template finds its channel.
inline constexpr int template_channel_fd = 3;

template <typename T>
[[nodiscard]] std::span<const std::byte> bytes_of(const T& object) {
    return std::as_bytes(std::span(&object, 1));
}

}  // namespace phalanx::link
