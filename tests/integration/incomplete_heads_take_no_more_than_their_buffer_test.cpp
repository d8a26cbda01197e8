#include <memory>
#include <vector>

#include "count_of.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::size_t kBufferKib = kBuffer / 1024;
constexpr std::size_t kHead = 200'000;
constexpr std::size_t kFit = kBuffer / kHead;
constexpr std::size_t kParam = 50'000;
/// What is still missing of a head.
constexpr std::size_t kMissing = 100;

constexpr const char* kWhy = "queue.max_buffer is used up by requests that have not arrived whole";

/// Clients whose requests' heads are large and do not arrive whole; queue.max_buffer.
class LargeHalfHeads : public SiteTest, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("each holds a worker");
        if (GetParam())
            site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
        site().pool().set("queue.max_buffer", std::to_string(kBuffer));
        site().script("hello.php", "<?php echo 'hello';");
        site().script("length.php",
                      "<?php $length = 0; for ($i = 0; isset($_SERVER['LARGE' . $i]); ++$i) "
                      "$length += strlen($_SERVER['LARGE' . $i]); echo $length;");
    }
    Request large(std::size_t size) {
        Request request = site().request("/length.php");
        for (std::size_t i = 0; i < size / kParam; ++i)
            request.set("LARGE" + std::to_string(i), std::string(kParam, 'x'));
        return request;
    }
    /// All but the end of a head. It may be closed before it has taken everything.
    void connect(std::size_t count, std::size_t size) {
        const std::string head = encode_head(large(size));
        for (std::size_t i = 0; i < count; ++i) {
            clients_.push_back(std::make_unique<FastCgiClient>(site().address()));
            (void)clients_.back()->send(head.substr(0, head.size() - kMissing));
        }
    }
    /// Those that were closed by now leave.
    std::size_t closed() {
        return std::erase_if(clients_,
                             [](const auto& client) { return client->wait_until_closed(milliseconds(0)); });
    }
    void expect_served() {
        const auto begin = Clock::now();
        EXPECT_EQ(site().get("/hello.php").body(), "hello");
        EXPECT_LT(Clock::now() - begin, kPatience / 2);
    }
    void expect_whole(FastCgiClient& client) {
        const std::string bytes = encode(large(kHead));
        const std::size_t sent = encode_head(large(kHead)).size() - kMissing;
        ASSERT_TRUE(client.send(bytes.substr(sent)));
        EXPECT_EQ(client.read_answer().body(), std::to_string(kHead));
    }

    std::vector<std::unique_ptr<FastCgiClient>> clients_;
};

TEST_P(LargeHalfHeads, AreClosedWhenThereIsNoRoomForThem) {
    constexpr std::size_t many = 40;
    site().start();
    connect(many, kHead);
    std::size_t gone = 0;
    EXPECT_TRUE(eventually(kPatience, [&] {
        gone += closed();
        return clients_.size() <= kFit;
    })) << clients_.size();
    expect_served();
    // Named first, then counted.
    EXPECT_TRUE(site().daemon().wait_for_log(kWhy));
    EXPECT_TRUE(site().daemon().wait_for_log("more connection(s) closed: " + std::string(kWhy)));
    EXPECT_LE(count_of(site().daemon().log(), kWhy), 20u) << site().daemon().log();
    const std::string client = GetParam() ? "127.0.0.1:" : "pid " + std::to_string(::getpid());
    EXPECT_GT(count_of(site().daemon().log(), "the connection of client " + client), 0u);
    // Those for which there was room are served, and then there is room for others.
    gone += closed();
    ASSERT_GE(clients_.size(), kFit - 1) << "more were closed than had to be";
    EXPECT_EQ(gone + clients_.size(), many);
    for (const auto& one : clients_) expect_whole(*one);
    clients_.clear();
    connect(kFit - 1, kHead);
    for (const auto& one : clients_) expect_whole(*one);
    expect_served();
}

TEST_P(LargeHalfHeads, TakeNoMoreMemoryOfTheMaster) {
    constexpr std::size_t many = 100;
    constexpr std::size_t head = 1'000'000;
    // A buffer that grows is twice its size at times, and there is the head that is one too many.
    constexpr std::uint64_t most_kib = 16 * kBufferKib;
    site().start_options().environment.emplace_back("ASAN_OPTIONS", "quarantine_size_mb=1");
    site().start();
    expect_served();
    const pid_t master = site().daemon().pid();
    const auto before = resident_kib(master);
    ASSERT_TRUE(before);
    (void)forget_peak(master);
    connect(many, head);
    expect_served();
    EXPECT_TRUE(eventually(kPatience, [&] {
        (void)closed();
        return clients_.size() <= 1;
    })) << clients_.size();
    EXPECT_LT(peak_resident_kib(master), *before + most_kib);
    RecordProperty("more_kib", static_cast<int>(*peak_resident_kib(master) - *before));
    expect_served();
}

INSTANTIATE_TEST_SUITE_P(Over, LargeHalfHeads, testing::Values(false, true),
                         [](const auto& each) { return std::string(each.param ? "Tcp" : "UnixSocket"); });

}  // namespace
}  // namespace phalanx::harness
