#include "client_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

class AClientLog : public ::testing::Test {
  protected:
    AClientLog() {
        EXPECT_EQ(::pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0);
        error_log_.use_descriptor(ends_[1]);
        settings_.name = "www";
    }
    ~AClientLog() override {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    std::size_t lines(std::string_view part) {
        char room[65536];
        const ssize_t size = ::read(ends_[0], room, sizeof room);
        if (size > 0) text_.append(room, static_cast<std::size_t>(size));
        std::size_t count = 0;
        for (std::size_t at = text_.find(part); at != text_.npos; at = text_.find(part, at + 1)) ++count;
        return count;
    }

    int ends_[2] = {-1, -1};
    log::ErrorLog error_log_;
    config::PoolSettings settings_;
    ClientLog log_{error_log_, settings_};
    std::string text_;
};

TEST_F(AClientLog, SaysTheFirstOnesSinglyAndTheOthersInSums) {
    for (int i = 0; i < 500; ++i) log_.tell(ClientEvent::late_head, ends_[0]);
    EXPECT_EQ(lines("did not arrive within"), 10u);
    log_.tick();
    EXPECT_EQ(lines("490 more connection(s) closed: the request did not arrive"), 1u);
    for (int i = 0; i < 9; ++i) {
        log_.tell(ClientEvent::late_head, ends_[0]);
        log_.tick();
    }
    EXPECT_EQ(lines("did not arrive within"), 11u) << "the next sum takes its time: " << text_;
    for (int i = 0; i < 10; ++i) log_.tick();
    EXPECT_EQ(lines("9 more connection(s) closed"), 1u) << text_;
    log_.tell(ClientEvent::late_head, ends_[0]);
    EXPECT_EQ(lines("the connection of client unknown was closed"), 11u) << "a new span";
}

TEST_F(AClientLog, SaysWhatBecameOfRequestsInSums) {
    settings_.queue_max_length = 5;
    for (int i = 0; i < 7; ++i) log_.tell(ClientEvent::shed);
    log_.tell(ClientEvent::abandoned);
    EXPECT_EQ(lines("request(s)"), 0u);
    log_.tick();
    EXPECT_EQ(
        lines("WARNING: [pool www] 7 request(s) answered 503: the queue was full (queue.max_length = 5)"),
        1u);
    EXPECT_EQ(lines("NOTICE: [pool www] 1 request(s) dropped"), 1u);
    log_.tick();
    EXPECT_EQ(lines("request(s)"), 2u);
}

/// As a worker would send it.
std::string slow(std::string_view client, std::string_view method, std::string_view target,
                 link::SlowClient how = link::SlowClient::sending) {
    link::SlowClientNote note{.how = how};
    std::ranges::copy(client, note.client.begin());
    std::ranges::copy(method, note.method.begin());
    std::ranges::copy(target, note.target.begin());
    return {reinterpret_cast<const char*>(&note), sizeof note};
}

TEST_F(AClientLog, SaysWhatWorkersTellOfSlowClients) {
    settings_.request_body_timeout = std::chrono::seconds(5);
    settings_.response_write_timeout = std::chrono::seconds(7);
    EXPECT_TRUE(log_.tell_slow(slow("127.0.0.1:80", "POST", "/a.php?b=c")));
    EXPECT_EQ(lines("NOTICE: [pool www] client 127.0.0.1:80 has sent nothing of the body of "
                    "\"POST /a.php?b=c\" for 5 s (request_body_timeout)\n"),
              1u)
        << text_;
    EXPECT_TRUE(log_.tell_slow(slow("pid 1 (uid 2)", "GET", "/", link::SlowClient::taking)));
    EXPECT_EQ(lines("NOTICE: [pool www] client pid 1 (uid 2) has taken nothing of the answer to "
                    "\"GET /\" for 7 s (response_write_timeout)\n"),
              1u)
        << text_;
}

TEST_F(AClientLog, TheFirstSlowClientsAreNamedTheOthersCounted) {
    const std::string note = slow("127.0.0.1:80", "POST", "/");
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(log_.tell_slow(note));
    EXPECT_TRUE(log_.tell_slow(slow("127.0.0.1:81", "GET", "/", link::SlowClient::taking)));
    log_.tick();
    EXPECT_EQ(lines("client 127.0.0.1:80 has"), 10u);
    EXPECT_EQ(lines("client 127.0.0.1:81 has"), 1u) << "those are counted apart";
    EXPECT_EQ(lines("490 more client(s) have sent nothing of a body"), 1u) << text_;
    EXPECT_EQ(lines("\n"), 12u);
}

TEST_F(AClientLog, WhatAWorkerTellsCannotLeaveItsPlaceInTheLine) {
    EXPECT_TRUE(log_.tell_slow(slow("x\"\n\x1b[2J", std::string(32, 'M'), std::string(204, 'x'))));
    EXPECT_EQ(lines("client x\\x22\\x0A\\x1B[2J has sent nothing of the body of \"" + std::string(32, 'M') +
                    " " + std::string(204, 'x') + "\" for 60 s"),
              1u)
        << text_;
    EXPECT_EQ(lines("\n"), 1u);
}

TEST_F(AClientLog, WorkersMayNotTellInAnyOtherForm) {
    const std::string note = slow("c", "m", "t");
    for (const std::string& wrong :
         {std::string(), note.substr(1), note + '\0', std::string(note.size(), '\xff')})
        EXPECT_FALSE(log_.tell_slow(wrong)) << wrong.size();
    EXPECT_EQ(lines("\n"), 0u);
}

TEST_F(AClientLog, SaysOnceThatNothingIsAccepted) {
    for (int i = 0; i < 3; ++i) log_.tell_exhausted("why");
    EXPECT_EQ(lines("no connections are accepted for now: why"), 1u);
    for (int i = 0; i < 4; ++i) log_.tick();
    log_.tell_exhausted("why");
    for (int i = 0; i < 4; ++i) log_.tick();
    EXPECT_EQ(lines("connections are accepted again"), 0u) << "it went on";
    for (int i = 0; i < 10; ++i) log_.tick();
    EXPECT_EQ(lines("connections are accepted again"), 1u);
    EXPECT_EQ(lines("no connections are accepted for now: why"), 1u);
}

}  // namespace
}  // namespace phalanx::master
