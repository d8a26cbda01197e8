#include "ini_reader.hpp"

#include <ini.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "phalanx/base/panic.hpp"

namespace phalanx::config {
namespace {

/// Stands for a text of the current statement that inih shall not see.
constexpr std::string_view aside = "@";
/// The name of the entry that makes inih tell of a section which may have no other.
constexpr std::string_view section_marker = "@section";
/// Longest text that goes through inih itself; it holds 49 characters of a name and 199 of a line.
constexpr std::size_t max_plain_length = 49;

/// Whether inih takes the text for what it is: no sign, quote, comment, bracket, blank or end of line in it.
bool is_plain(std::string_view text) {
    const auto is_plain_character = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_./-").find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= max_plain_length &&
           std::all_of(text.begin(), text.end(), is_plain_character);
}

std::string_view through_inih(std::string_view text) {
    return is_plain(text) ? text : aside;
}

/// Both ends of inih: gives it lines, hears its handler. Between a line and the call it causes, `current_`
/// is the statement both speak of. Lives for one file.
class IniFeed {
  public:
    IniFeed(std::string_view content, const ValueSource& source, IniListener& listener)
        : rest_(content), source_(source), listener_(listener) {}

    bool run() {
        const int fault = ini_parse_stream(&IniFeed::read_line, this, &IniFeed::handle, this);
        if (fault != 0 && !stopped_) base::panic("inih found fault with a line made for it");
        // PHP complains of the language after what the sound part of the line has led to.
        if (error_) listener_.on_syntax_error(*error_);
        return !stopped_;
    }

  private:
    /// inih's fgets: the next line for it, or nothing at the end.
    static char* read_line(char* buffer, int size, void* self) noexcept {
        std::string line;
        if (!static_cast<IniFeed*>(self)->next_line(line)) return nullptr;
        if (line.size() + 1 > static_cast<std::size_t>(size))
            base::panic("inih's line is shorter than known");
        std::memcpy(buffer, line.c_str(), line.size() + 1);
        return buffer;
    }

    static int handle(void* self, const char* section, const char* name, const char* value) noexcept {
        auto& feed = *static_cast<IniFeed*>(self);
        if (!feed.stopped_ && !feed.tell(section, name, value)) feed.stopped_ = true;
        return 1;
    }

    bool next_line(std::string& line) {
        if (announce_section_) {
            announce_section_ = false;
            line.append(section_marker).append("=").append(aside).append("\n");
            return true;
        }
        while (!stopped_ && waiting_.empty()) {
            if (!next_physical_line()) return false;
        }
        if (stopped_) return false;
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
        announce_section_ = current_.kind == Statement::Kind::section;
        const std::string_view name = through_inih(current_.name);
        if (announce_section_) {
            line.append("[").append(name).append("]\n");
        } else {
            line.append(name).append("=").append(through_inih(current_.value)).append("\n");
        }
        return true;
    }

    /// Ends the line at hand, then takes the statements of the next. False at the end of the text.
    bool next_physical_line() {
        if (number_ > 0 && !end_line()) return false;
        if (rest_.empty()) return false;
        const std::size_t length = std::min(rest_.find('\n'), rest_.size());
        std::string_view text = rest_.substr(0, length);
        rest_.remove_prefix(std::min(length + 1, rest_.size()));
        if (text.ends_with('\r')) text.remove_suffix(1);
        listener_.on_line(++number_);
        ParsedLine parsed = parse_line(text, source_);
        std::move(parsed.statements.begin(), parsed.statements.end(), std::back_inserter(waiting_));
        error_ = std::move(parsed.error);
        return true;
    }

    bool end_line() {
        stopped_ = error_.has_value() || !listener_.on_line_end();
        return !stopped_;
    }

    bool tell(std::string_view section, std::string_view name, std::string_view value) {
        const auto original = [](std::string_view text, const std::string& put_aside) {
            return text == aside ? std::string_view(put_aside) : text;
        };
        if (name == section_marker) return listener_.on_section(original(section, current_.name));
        const std::string_view real_name = original(name, current_.name);
        const std::string_view real_value = original(value, current_.value);
        switch (current_.kind) {
            case Statement::Kind::entry:
                return listener_.on_entry(real_name, real_value);
            case Statement::Kind::element:
                return listener_.on_element(real_name, current_.key, real_value);
            case Statement::Kind::bare:
                return listener_.on_bare(real_name);
            case Statement::Kind::section:
                break;
        }
        base::panic("inih made an entry of a section");
    }

    std::string_view rest_;
    const ValueSource& source_;
    IniListener& listener_;
    int number_ = 0;
    std::deque<Statement> waiting_;  ///< of the line at hand, not yet given to inih
    std::optional<base::Error> error_;
    Statement current_;
    bool announce_section_ = false;
    bool stopped_ = false;
};

}  // namespace

bool read_ini(std::string_view content, const ValueSource& source, IniListener& listener) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (content.starts_with(byte_order_mark)) content.remove_prefix(byte_order_mark.size());
    return IniFeed(content, source, listener).run();
}

}  // namespace phalanx::config
