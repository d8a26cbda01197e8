#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace phalanx::log {

/// One entry of the slow log (php-fpm: slowlog), in php-fpm's form: an empty line, a line that says when and
/// who, the script, then a line for each function that was running, the newest first. Texts may be anything:
/// control bytes are escaped, so that none can pass for a line of its own.
class SlowLogEntry {
  public:
    /// An entry's text ends here: what is added later is left out.
    static constexpr std::size_t max_text = std::size_t{1} << 20;

    SlowLogEntry(std::time_t when, std::string_view pool, pid_t worker);
    void set_script(std::string_view file);
    void add_frame(std::uint64_t address, std::string_view function, std::string_view file,
                   std::uint32_t line);
    /// No more could be read.
    void add_failure();
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    void add(std::string_view line);
    std::string text_;
};

}  // namespace phalanx::log
