#include "phalanx/worker/template.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "phalanx/link/messages.hpp"
#include "phalanx/link/worker_settings.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/shared_memory.hpp"

namespace phalanx::worker {
namespace {

using link::MessageHead;
using link::MessageKind;

/// A template in a process of its own; the test is its master.
class TemplateTest : public testing::Test {
  protected:
    void SetUp() override {
        auto ends = os::make_message_pair();
        ASSERT_TRUE(ends);
        channel_ = std::move(ends->here);
        template_ = ::fork();
        if (template_ != 0) return;
        channel_.reset();
        if (!os::place_at(ends->there.get(), link::template_channel_fd)) ::_exit(1);
        ::_exit(run_template("template"));
    }
    void hand_over(std::span<const std::byte> settings) {
        auto memory = os::make_memory_with("settings", settings);
        ASSERT_TRUE(memory);
        const MessageHead setup{MessageKind::setup, 0, {}, 0};
        const std::vector<int> fds(link::template_fds_without_log, memory->get());
        ASSERT_EQ(os::send_message(channel_.get(), link::bytes_of(setup), {}, fds, os::Waiting::yes),
                  os::SendResult::sent);
    }
    void expect_refusal(std::string_view why) {
        std::array<std::byte, 1024> room;
        const auto message = os::receive_message(channel_.get(), room, 0, os::Waiting::yes);
        ASSERT_GE(message.size, sizeof(MessageHead));
        MessageHead head;
        std::memcpy(&head, room.data(), sizeof head);
        EXPECT_EQ(head.kind, MessageKind::failed);
        const auto text = std::span(room).first(message.size).subspan(sizeof head);
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(text.data()), text.size()), why);
        int status = 0;
        ASSERT_EQ(::waitpid(template_, &status, 0), template_);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), 70);
    }

    os::UniqueFd channel_;
    pid_t template_ = 0;
};

TEST_F(TemplateTest, RefusesTheSettingsOfAnotherRelease) {
    auto settings = link::encode({});
    const std::uint32_t other = link::interface_version + 1;
    std::memcpy(settings.data(), &other, sizeof other);
    hand_over(settings);
    const std::string own = std::to_string(link::interface_version);
    expect_refusal("this worker program speaks version " + own + " of the link, the master " +
                   std::to_string(other) + ": install both of one release");
}

TEST_F(TemplateTest, RefusesDamagedSettings) {
    auto settings = link::encode({});
    settings.pop_back();
    hand_over(settings);
    expect_refusal("what the master handed over as settings is damaged");
}

}  // namespace
}  // namespace phalanx::worker
