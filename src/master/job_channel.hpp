#pragma once

#include <optional>
#include <vector>

#include "connection_table.hpp"
#include "phalanx/base/clock.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/os/message_socket.hpp"

namespace phalanx::master {

/// One packet a worker sent, checked for form only.
struct Note {
    link::MessageHead head;
    std::string bytes;
    os::UniqueFd fd;                    ///< at most one
    std::vector<os::UniqueFd> surplus;  ///< of a malformed packet
    pid_t sender = 0;
};

/// The master's hold on the channel to one worker. It keeps both ends: what the worker has not taken when it
/// dies, stops or leaves can be read back from the worker's own end, so no job is ever lost in between.
class JobChannel {
  public:
    JobChannel() = default;
    [[nodiscard]] static base::Result<JobChannel> create();

    /// `full`: there is no room now, or the kernel has no memory for it. `unreachable`: the worker has
    /// stopped receiving. `no_memory`: for a job that is too large for a message.
    enum class Sent : std::uint8_t { yes, full, unreachable, no_memory };
    /// Sends a job; `held_fd` is the descriptor of a held connection. On success an unheld job's descriptor
    /// is closed here, else the job is untouched.
    [[nodiscard]] Sent send(Job& job, int held_fd);
    /// Sends a control message that carries at most one descriptor.
    [[nodiscard]] bool send_control(link::MessageKind kind, int fd = -1);
    /// Nothing more is sent: the worker finds the end behind what lies in the channel, and leaves.
    void end_sending();

    struct TakenBack {
        std::vector<Job> jobs;        ///< in the order they were sent
        bool moved_controls = false;  ///< control messages lay among them and have been put back: a worker
                                      ///< that has looked meanwhile has to look again
        bool lost_controls = false;   ///< some of them could not be put back
    };
    /// Takes back what the worker has not read.
    [[nodiscard]] TakenBack take_back();

    enum class Received : std::uint8_t { note, nothing, lost, malformed };
    /// The next packet from the worker. `lost`: its descriptor is gone, because there was none left here for
    /// it; whoever sent it has done nothing wrong. `malformed`: it breaks the rules of the channel.
    [[nodiscard]] Received receive(Note& note);

    /// A job was sent and nobody has looked yet whether it was taken.
    [[nodiscard]] std::optional<base::MonotonicTime> job_sent_at() const { return job_sent_at_; }
    /// Its worker takes what lies there, one after the other: time enough to look.
    void look_later() { job_sent_at_ = base::Monotonic::now(); }

    [[nodiscard]] int here() const { return ends_.here.get(); }
    [[nodiscard]] int there() const { return ends_.there.get(); }
    explicit operator bool() const { return static_cast<bool>(ends_.here); }
    /// Ends it. What comes back is to be kept: in our end lie descriptors that nobody has read, and to close
    /// those may wait.
    [[nodiscard]] os::UniqueFd close();

  private:
    os::MessagePair ends_;
    std::optional<base::MonotonicTime> job_sent_at_;
};

}  // namespace phalanx::master
