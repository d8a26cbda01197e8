#include "line.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

std::uint64_t usec_of(base::MonotonicTime::duration duration) {
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(usec, 0));
}

}  // namespace

void Line::join(Job job) {
    if (job.since == base::MonotonicTime{}) job.since = base::Monotonic::now();
    page_.joined.fetch_add(1, std::memory_order_relaxed);
    count(job);
    jobs_.push_back(std::move(job));
    changed();
}

void Line::return_to_front(std::vector<Job> jobs) {
    const auto now = base::Monotonic::now();
    for (Job& job : jobs) {
        count(job);
        if (job.since == base::MonotonicTime{}) job.since = now - std::chrono::microseconds(job.waited_usec);
    }
    jobs_.insert(jobs_.begin(), std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end()));
    changed();
}

void Line::join_by_age(Job job) {
    const auto place =
        std::upper_bound(jobs_.begin(), jobs_.end(), job.since,
                         [](base::MonotonicTime since, const Job& other) { return since < other.since; });
    count(job);
    jobs_.insert(place, std::move(job));
    changed();
}

Job Line::take_first() {
    Job job = drop_first();
    job.waited_usec = usec_of(base::Monotonic::now() - job.since);
    status::count_wait(page_, job.waited_usec);
    return job;
}

Job Line::drop_first() {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    bytes_ -= job.bytes.size();
    changed();
    return job;
}

std::vector<Job> Line::discounted(std::vector<Job> jobs) {
    for (const Job& job : jobs) bytes_ -= job.bytes.size();
    return jobs;
}

std::vector<Job> Line::take_gone(std::size_t most, const FdOf& fd_of) {
    constexpr std::size_t at_once = 256;
    std::vector<Job> gone;
    if (looked_at_ >= jobs_.size()) looked_at_ = 0;
    const std::size_t end = std::min(jobs_.size(), looked_at_ + most);
    std::vector<std::size_t> places;
    for (std::size_t begin = looked_at_; begin < end; begin += at_once) {
        std::array<int, at_once> fds;
        std::array<bool, at_once> is_gone{};
        const std::size_t count = std::min(at_once, end - begin);
        for (std::size_t i = 0; i < count; ++i) fds[i] = fd_of(jobs_[begin + i]);
        os::find_gone_peers(std::span(fds).first(count), std::span(is_gone).first(count));
        for (std::size_t i = 0; i < count; ++i) {
            if (is_gone[i]) places.push_back(begin + i);
        }
    }
    looked_at_ = end;
    if (places.empty()) return gone;
    // One pass, however many have gone: what stays moves up.
    std::size_t to = places.front();
    auto place = places.begin();
    for (std::size_t from = to; from < jobs_.size(); ++from) {
        if (place != places.end() && *place == from) {
            gone.push_back(std::move(jobs_[from]));
            ++place;
        } else {
            jobs_[to++] = std::move(jobs_[from]);
        }
    }
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(to), jobs_.end());
    changed();
    return discounted(std::move(gone));
}

std::vector<Job> Line::take_that_joined_before(base::MonotonicTime time) {
    std::vector<Job> late;
    while (!jobs_.empty() && jobs_.front().since <= time) {
        late.push_back(std::move(jobs_.front()));
        jobs_.pop_front();
    }
    if (!late.empty()) changed();
    return discounted(std::move(late));
}

std::vector<Job> Line::take_pages() {
    std::vector<Job> pages;
    if (std::ranges::none_of(jobs_, &Job::asks_for_page)) return pages;
    std::deque<Job> others;
    for (Job& job : jobs_) {
        if (job.asks_for_page) {
            pages.push_back(std::move(job));
        } else {
            others.push_back(std::move(job));
        }
    }
    jobs_ = std::move(others);
    changed();
    return discounted(std::move(pages));
}

std::vector<Job> Line::take_all() {
    std::vector<Job> all(std::make_move_iterator(jobs_.begin()), std::make_move_iterator(jobs_.end()));
    jobs_.clear();
    bytes_ = 0;
    changed();
    return all;
}

void Line::changed() {
    word_.store(static_cast<std::uint32_t>(jobs_.size()));
    page_.length.store(jobs_.size(), std::memory_order_relaxed);
    if (jobs_.size() > page_.longest.load(std::memory_order_relaxed)) page_.longest.store(jobs_.size());
    page_.oldest_since_usec.store(jobs_.empty() ? 0 : usec_of(jobs_.front().since.time_since_epoch()),
                                  std::memory_order_relaxed);
}

}  // namespace phalanx::master
