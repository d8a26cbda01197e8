#include "harness/load.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "harness/temp_dir.hpp"

namespace phalanx::harness {
namespace {

/// A server of a few lines: answers each request with what `reply` makes of its params.
class SmallServer {
  public:
    using Reply = std::function<std::string(const std::string& params)>;

    SmallServer(const Address& address, Reply reply) : reply_(std::move(reply)) {
        sockaddr_storage storage{};
        const socklen_t length = address.fill(storage);
        listener_ = Descriptor(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
        EXPECT_EQ(::listen(listener_.get(), 64), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~SmallServer() {
        stop_ = true;
        thread_.join();
    }

  private:
    void serve() {
        while (!stop_) {
            if (!wait_for(listener_.get(), POLLIN, Clock::now() + milliseconds(20))) continue;
            const Descriptor client(::accept(listener_.get(), nullptr, nullptr));
            std::string bytes;
            std::string params;
            std::array<char, 4096> buffer;
            for (ssize_t got; !stop_ && (got = ::recv(client.get(), buffer.data(), buffer.size(), 0)) > 0;) {
                bytes.append(buffer.data(), static_cast<std::size_t>(got));
                bool whole = false;
                while (auto next = take_record(bytes)) {
                    if (next->type == RecordType::Params) params += next->content;
                    whole = next->type == RecordType::Stdin && next->content.empty();
                }
                if (!whole) continue;
                const std::string answer = reply_(params);
                params.clear();
                if (answer.empty()) break;
                ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
            }
        }
    }

    Reply reply_;
    Descriptor listener_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

std::string answer_with(std::string_view output) {
    return record(RecordType::Stdout, 1, output) + record(RecordType::End, 1, std::string(8, '\0'));
}

std::string echo(const std::string& params) {
    return answer_with("A: b\r\n\r\n" + params.substr(params.find("n0"), kNumberPlace.size()));
}

LoadPlan plan_for(const TempDir& files) {
    LoadPlan plan;
    plan.server = Address::unix_path(files / "socket");
    plan.request.set("QUERY_STRING", kNumberPlace);
    plan.requests = 100;
    return plan;
}

TEST(Load, CountsRightAnswersOverShortAndKeptConnections) {
    const TempDir files;
    LoadPlan plan = plan_for(files);
    const SmallServer server(plan.server, echo);
    plan.numbered = true;
    for (const ConnectionUse use : {ConnectionUse::Short, ConnectionUse::Kept}) {
        plan.use = use;
        const LoadReport report = run_load(plan);
        EXPECT_EQ(report.completed, 100u) << report;
        EXPECT_EQ(report.errors(), 0u) << report;
        EXPECT_EQ(report.latencies.count(), 100u);
    }
}

TEST(Load, SeesAnswersThatBelongToAnotherRequest) {
    const TempDir files;
    LoadPlan plan = plan_for(files);
    const SmallServer server(plan.server,
                             [](const std::string&) { return answer_with("A: b\r\n\r\nn00000000007"); });
    plan.numbered = true;
    const LoadReport report = run_load(plan);
    EXPECT_EQ(report.completed, 1u) << report;
    EXPECT_EQ(report.wrong, 99u) << report;
}

TEST(Load, TellsBrokenRefusedAndUnansweredApart) {
    const TempDir files;
    LoadPlan plan = plan_for(files);
    plan.requests = 5;
    EXPECT_EQ(run_load(plan).refused, 5u);
    {
        const SmallServer server(plan.server, [](const std::string&) { return ""; });
        EXPECT_EQ(run_load(plan).broken, 5u);
    }
    plan.server = Address::unix_path(files / "other");
    plan.answer_deadline = milliseconds(30);
    const SmallServer server(plan.server, [](const std::string&) { return answer_with("").substr(0, 8); });
    EXPECT_EQ(run_load(plan).unanswered, 5u);
}

}  // namespace
}  // namespace phalanx::harness
