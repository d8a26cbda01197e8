#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "phalanx/php/request.hpp"

namespace phalanx::php {

/// A web server that lives in memory: gives a request, keeps the answer.
class MemoryPort final : public RequestPort {
  public:
    using Pairs = std::vector<std::pair<std::string, std::string>>;

    explicit MemoryPort(const Pairs& pairs, std::string sent = {}) : sent_(std::move(sent)) {
        for (const auto& [name, value] : pairs) params_.set(name, value);
    }

    fastcgi::Params& params() noexcept override { return params_; }
    const char* role() const noexcept override { return "RESPONDER"; }

    bool answer_without_php(const ScriptBegin& request) noexcept override {
        seen_uri = request.request_uri;
        seen_user = request.user;
        return request.request_uri == "/our-own-page";
    }

    std::size_t read_body(std::span<char> room) noexcept override {
        const std::size_t size = std::min({room.size(), sent_.size() - body_read, largest_read});
        std::copy_n(sent_.data() + body_read, size, room.data());
        body_read += size;
        return size;
    }

    bool body_was_cut() const noexcept override { return breaks_off && body_read == sent_.size(); }

    bool write_head(std::string_view lines) noexcept override {
        head += lines;
        return !client_gone;
    }

    bool write_body(std::string_view bytes) noexcept override {
        if (client_gone) return false;
        body += bytes;
        return true;
    }

    bool flush() noexcept override {
        flushed_at.push_back(head.size() + body.size());
        return !client_gone;
    }

    bool finish() noexcept override { return std::exchange(finished, true) == false; }

    void log(const Message& message, bool to_web_server) noexcept override {
        log_lines.emplace_back(message.text);
        last_level = message.level;
        logged_to_web_server = to_web_server;
    }

    void script_begins(const ScriptBegin& request) noexcept override { begun_script = request.script_path; }

    void script_ended(const ScriptEnd& end) noexcept override {
        ++ends;
        response_code = end.response_code;
        memory_peak = end.memory_peak;
        access_header = end.response_header("X-Access");
    }

    [[nodiscard]] bool logged(std::string_view part) const {
        return std::any_of(log_lines.begin(), log_lines.end(),
                           [part](const std::string& line) { return line.find(part) != std::string::npos; });
    }
    [[nodiscard]] bool has_head_line(const std::string& line) const {
        return ("\r\n" + head).find("\r\n" + line + "\r\n") != std::string::npos;
    }

    std::string head, body, seen_uri, seen_user, begun_script, access_header;
    std::vector<std::string> log_lines;
    std::vector<std::size_t> flushed_at;  ///< how much had been written by then
    MessageLevel last_level = MessageLevel::debug;
    bool logged_to_web_server = false;
    bool client_gone = false;
    bool breaks_off = false;  ///< in the middle of the body, after what was sent of it
    bool finished = false;
    int ends = 0;
    int response_code = 0;
    std::size_t memory_peak = 0;
    std::size_t body_read = 0;
    std::size_t largest_read = 7;  ///< small, so that every body is read in pieces

  private:
    fastcgi::Params params_;
    std::string sent_;
};

}  // namespace phalanx::php
