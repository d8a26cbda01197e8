#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "job.hpp"
#include "phalanx/status/line_page.hpp"

namespace phalanx::master {

/// The requests of one pool that wait for a worker, in order of arrival. Tells how it stands: in the word
/// that workers look at before they accept, and in the status page. It bounds nothing by itself.
class Line {
  public:
    /// `word` is link::MasterPage::line.
    Line(std::atomic<std::uint32_t>& word, status::LinePage& page) : word_(word), page_(page) {}

    [[nodiscard]] bool empty() const { return jobs_.empty(); }
    [[nodiscard]] std::size_t size() const { return jobs_.size(); }
    /// Of all the requests' heads that the master has read.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] const Job& front() const { return jobs_.front(); }

    /// A job that has a time already (it comes from another generation's line) keeps it.
    void join(Job job);
    /// Jobs that were given out and came back untaken: they were first and are so again.
    void return_to_front(std::vector<Job> jobs);
    /// A job that comes from another process's line: between those that came before it and after it.
    void join_by_age(Job job);
    /// The first one leaves for a worker.
    [[nodiscard]] Job take_first();
    /// The first one leaves, for whatever else.
    [[nodiscard]] Job drop_first();

    using FdOf = std::function<int(const Job&)>;
    /// Takes out the jobs whose client is gone. Looks at `most` of them, each call at the next ones.
    [[nodiscard]] std::vector<Job> take_gone(std::size_t most, const FdOf& fd_of);
    [[nodiscard]] std::vector<Job> take_that_joined_before(base::MonotonicTime time);
    /// Those that ask for the pool's own pages.
    [[nodiscard]] std::vector<Job> take_pages();
    [[nodiscard]] std::vector<Job> take_all();

  private:
    void changed();
    void count(const Job& job) { bytes_ += job.bytes.size(); }
    /// They have left.
    std::vector<Job> discounted(std::vector<Job> jobs);

    std::atomic<std::uint32_t>& word_;
    status::LinePage& page_;
    std::deque<Job> jobs_;
    std::size_t bytes_ = 0;
    std::size_t looked_at_ = 0;  ///< where the next look for gone clients begins
};

}  // namespace phalanx::master
