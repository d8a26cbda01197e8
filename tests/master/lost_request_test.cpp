#include "lost_request.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

using status::AnswerState;
using status::Stage;

status::SlotSnapshot worker_in(Stage stage, AnswerState answer) {
    status::SlotSnapshot last;
    last.stage = stage;
    last.answer = answer;
    return last;
}

TEST(LostRequest, ItsCodeSaysWhyTheWorkerIsGone) {
    const auto last = worker_in(Stage::running, AnswerState::none);
    EXPECT_EQ(code_of_lost(last, LossReason::crash), 502);
    EXPECT_EQ(code_of_lost(last, LossReason::stop), 503);
    EXPECT_EQ(code_of_lost(last, LossReason::timeout), 504);
    for (const int code : {502, 503, 504})
        EXPECT_TRUE(status_of_lost(code).starts_with(std::to_string(code))) << code;
}

TEST(LostRequest, AnIdleWorkerHasLostNone) {
    EXPECT_EQ(code_of_lost(worker_in(Stage::idle, AnswerState::none), LossReason::crash), std::nullopt);
}

TEST(LostRequest, AnAnswerThatHasBegunIsNotGivenASecondTime) {
    for (const Stage stage : {Stage::running, Stage::ending, Stage::finishing})
        EXPECT_EQ(code_of_lost(worker_in(stage, AnswerState::begun), LossReason::timeout), std::nullopt);
    EXPECT_EQ(code_of_lost(worker_in(Stage::running, AnswerState::last_words), LossReason::timeout), 504)
        << "last words are in the answer's place";
}

TEST(LostRequest, IsLoggedByTheWorkerOnceItsScriptHasEnded) {
    EXPECT_FALSE(is_logged(worker_in(Stage::reading_headers, AnswerState::none)));
    EXPECT_FALSE(is_logged(worker_in(Stage::running, AnswerState::none)));
    EXPECT_TRUE(is_logged(worker_in(Stage::ending, AnswerState::none)));
}

}  // namespace
}  // namespace phalanx::master
