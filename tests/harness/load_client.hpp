#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/load.hpp"

namespace phalanx::harness {

/// Walks over an answer's records as they come, keeping only counts and the first bytes of its output: cheap,
/// whatever the size.
class AnswerSkimmer {
  public:
    void reset();
    /// True when the end record has come.
    bool feed(std::string_view bytes);

    [[nodiscard]] bool is_ok() const;  ///< a whole head without a Status line
    [[nodiscard]] std::size_t body_size() const;
    [[nodiscard]] std::string_view front() const { return front_; }
    [[nodiscard]] std::string_view front_of_body() const;

  private:
    static constexpr std::size_t kFront = 1024;
    void take_content(std::string_view bytes);

    std::string head_;  ///< of the current record, up to 8 bytes
    std::size_t content_left_ = 0;
    std::size_t padding_left_ = 0;
    std::size_t output_size_ = 0;
    std::string front_;
};

/// One simulated client: at most one connection, at most one request. Owned by the loop in load.cpp, which
/// waits for its socket; the client says after each step where it stands.
class LoadClient {
  public:
    enum class State { Resting, WaitingToConnect, InFlight, Answered, Broken, Refused };

    /// Sends a request over the open connection or a new one; registers a new one's socket under this number.
    State begin(const LoadPlan& plan, std::string_view bytes, int epoll, std::uint32_t own_number);
    /// The listener's line was full at begin(): try again.
    State try_again();
    /// The socket is ready for something.
    State step();
    /// The request is over; a short connection, or one that is no longer good, is closed.
    void rest(bool keep_connection);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] Clock::time_point begun() const { return begun_; }
    [[nodiscard]] const AnswerSkimmer& answer() const { return answer_; }
    std::uint64_t request_number = 0;  ///< of the request in flight, for numbered runs

  private:
    State connect();
    State send_more();
    void watch(bool for_writing);

    const LoadPlan* plan_ = nullptr;
    int epoll_ = -1;
    std::uint32_t own_number_ = 0;
    Descriptor socket_;
    bool watches_writing_ = false;
    std::string_view unsent_;
    AnswerSkimmer answer_;
    Clock::time_point begun_;
    State state_ = State::Resting;
};

}  // namespace phalanx::harness
