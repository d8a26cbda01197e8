#include "harness/load.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <stdexcept>

#include "harness/load_client.hpp"

namespace phalanx::harness {
namespace {

/// The loop behind run_load: begins requests as long as the plan wants more, waits, counts.
class LoadRun {
  public:
    explicit LoadRun(const LoadPlan& plan);
    LoadReport run();

  private:
    using State = LoadClient::State;

    [[nodiscard]] bool wants_more() const;
    void begin_next(std::uint32_t client);
    void settle(std::uint32_t client, State state);
    void count_answer(LoadClient& client);
    void on_tick();
    std::string number_text(std::uint64_t number) const;

    const LoadPlan& plan_;
    Descriptor epoll_;
    std::string bytes_;
    std::vector<std::size_t> number_places_;
    std::vector<LoadClient> clients_;
    std::vector<std::string> numbered_bytes_;
    std::vector<std::uint32_t> startable_;
    std::vector<std::uint32_t> waiting_to_connect_;
    std::size_t in_flight_ = 0;
    std::uint64_t begun_ = 0;
    Clock::time_point start_ = Clock::now();
    LoadReport report_;
};

LoadRun::LoadRun(const LoadPlan& plan)
    : plan_(plan), epoll_(::epoll_create1(EPOLL_CLOEXEC)), clients_(plan.clients) {
    if (!epoll_.is_open()) throw std::runtime_error("no epoll set");
    Request request = plan.request;
    request.keep = plan.use == ConnectionUse::Kept;
    bytes_ = encode(request);
    if (plan.numbered) {
        for (std::size_t at = 0; (at = bytes_.find(kNumberPlace, at)) != bytes_.npos;
             at += kNumberPlace.size()) {
            number_places_.push_back(at);
        }
        numbered_bytes_.assign(plan.clients, bytes_);
    }
    for (std::uint32_t client = 0; client < plan.clients; ++client) startable_.push_back(client);
}

bool LoadRun::wants_more() const {
    return (!plan_.requests || begun_ < *plan_.requests) && Clock::now() - start_ < plan_.duration;
}

std::string LoadRun::number_text(std::uint64_t number) const {
    std::array<char, 32> text;
    const int width =
        std::snprintf(text.data(), text.size(), "n%011llu", static_cast<unsigned long long>(number));
    return {text.data(), static_cast<std::size_t>(width)};
}

void LoadRun::begin_next(std::uint32_t client) {
    std::string_view bytes = bytes_;
    clients_[client].request_number = begun_++;
    if (plan_.numbered) {
        std::string& own = numbered_bytes_[client];
        const std::string number = number_text(clients_[client].request_number);
        for (const std::size_t place : number_places_) own.replace(place, number.size(), number);
        bytes = own;
    }
    ++in_flight_;
    settle(client, clients_[client].begin(plan_, bytes, epoll_.get(), client));
}

void LoadRun::settle(std::uint32_t client, State state) {
    if (state == State::InFlight || state == State::Resting) return;
    if (state == State::WaitingToConnect) return waiting_to_connect_.push_back(client);
    if (state == State::Answered) count_answer(clients_[client]);
    if (state == State::Broken) ++report_.broken;
    if (state == State::Refused) ++report_.refused;
    clients_[client].rest(state == State::Answered && plan_.use == ConnectionUse::Kept);
    --in_flight_;
    startable_.push_back(client);
}

void LoadRun::count_answer(LoadClient& client) {
    report_.latencies.add(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - client.begun()));
    const AnswerSkimmer& answer = client.answer();
    const bool right = answer.is_ok() && (!plan_.body_size || answer.body_size() == *plan_.body_size) &&
                       (!plan_.numbered || answer.front_of_body() == number_text(client.request_number));
    if (!right && report_.wrong == 0) report_.first_wrong = answer.front();
    ++(right ? report_.completed : report_.wrong);
}

/// Clients whose time is over are given up; the test's own doings come in between.
void LoadRun::on_tick() {
    const auto now = Clock::now();
    for (std::uint32_t i = 0; i < clients_.size(); ++i) {
        const bool busy =
            clients_[i].state() == State::InFlight || clients_[i].state() == State::WaitingToConnect;
        if (!busy || now - clients_[i].begun() < plan_.answer_deadline) continue;
        std::erase(waiting_to_connect_, i);
        clients_[i].rest(false);
        ++report_.unanswered;
        --in_flight_;
        startable_.push_back(i);
    }
    if (plan_.every_tick) plan_.every_tick();
}

LoadReport LoadRun::run() {
    std::array<epoll_event, 256> events;
    auto next_tick = start_ + plan_.tick;
    for (;;) {
        while (!startable_.empty() && wants_more()) {
            const std::uint32_t client = startable_.back();
            startable_.pop_back();
            begin_next(client);
            if (clients_[client].state() == State::Resting) break;  // refused at once: let time pass
        }
        if (in_flight_ == 0 && !wants_more()) break;
        const auto pause = waiting_to_connect_.empty() && in_flight_ > 0 ? plan_.tick : milliseconds(1);
        const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       static_cast<int>(pause.count()));
        for (int i = 0; i < ready; ++i) {
            const std::uint32_t client = events[static_cast<std::size_t>(i)].data.u32;
            if (clients_[client].state() == State::InFlight) settle(client, clients_[client].step());
        }
        for (const std::uint32_t client : std::exchange(waiting_to_connect_, {})) {
            settle(client, clients_[client].try_again());
        }
        if (Clock::now() >= next_tick) {
            on_tick();
            next_tick = Clock::now() + plan_.tick;
        }
    }
    report_.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start_);
    return report_;
}

}  // namespace

double LoadReport::per_second() const {
    return elapsed.count() == 0 ? 0
                                : 1e6 * static_cast<double>(completed) / static_cast<double>(elapsed.count());
}

std::ostream& operator<<(std::ostream& out, const LoadReport& report) {
    out << report.completed << " right, " << report.wrong << " wrong, " << report.broken << " broken off, "
        << report.refused << " refused, " << report.unanswered << " never answered";
    if (!report.first_wrong.empty()) out << "; first wrong answer: " << report.first_wrong;
    return out;
}

LoadReport run_load(const LoadPlan& plan) {
    return LoadRun(plan).run();
}

}  // namespace phalanx::harness
