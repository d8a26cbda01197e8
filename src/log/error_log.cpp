#include "phalanx/log/error_log.hpp"

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/logger.h>
#include <sys/stat.h>

#include "line_sink.hpp"
#include "standard_error.hpp"

namespace phalanx::log {
namespace {

bool same_file(int left, int right) {
    struct stat a {
    }, b{};
    return ::fstat(left, &a) == 0 && ::fstat(right, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// The file is not shown; spdlog takes a place without one for none at all.
spdlog::source_loc place_of(const Where& where) {
    return {"-", where.line, where.function};
}

spdlog::details::log_msg raw_message(std::string_view line) {
    return {{raw_name.data(), raw_name.size()}, to_spdlog(Level::warning), {line.data(), line.size()}};
}

}  // namespace

/// Two sinks: the log itself, and the copies on standard error while there are any.
class ErrorLog::Impl {
  public:
    explicit Impl(int standard_error)
        : standard_error_(standard_error),
          main_(std::make_shared<LineSink>(DescriptorOutput::borrow(standard_error), LineRules{})),
          logger_("phalanx", main_) {
        logger_.set_level(to_spdlog(Level::notice));
        // What spdlog would do itself: write to standard error, and wait for it.
        logger_.set_error_handler([](const std::string&) {});
    }

    void set_level(Level level) {
        logger_.set_level(to_spdlog(level));
        rules_.debug = level == Level::debug;
        apply_rules();
    }

    void set_target(std::unique_ptr<Output> output, LineRules rules, std::string path) {
        const bool is_copy =
            output->descriptor() >= 0 && same_file(output->descriptor(), standard_error_.fd());
        main_->set_output(std::move(output));
        on_standard_error_ = false;
        rules.debug = rules_.debug;
        rules_ = std::move(rules);
        path_ = std::move(path);
        if (starting_ && !is_copy && !copies_) {
            copies_ = std::make_shared<LineSink>(DescriptorOutput::borrow(standard_error_.fd()), LineRules{});
            copies_->set_level(to_spdlog(copied_from_));
            logger_.sinks().push_back(copies_);
        }
        if (is_copy) drop_copies();
        standard_error_.follow(main_->output().descriptor());
        apply_rules();
    }

    void copy_from(Level level) {
        copied_from_ = level;
        if (copies_) copies_->set_level(to_spdlog(level));
    }

    void end_start_up() {
        starting_ = false;
        drop_copies();
    }

    void take_standard_error(Former former) {
        if (on_standard_error_) return;
        standard_error_.take(former);
        standard_error_.follow(main_->output().descriptor());
    }

    base::Result<void> open_file(const std::string& path) {
        auto output = open(path);
        if (output) set_target(*std::move(output), {}, path);
        standard_error_.follow(main_->output().descriptor());
        if (!output) return output.error();
        return {};
    }

    void with_former_standard_error(const std::function<void()>& action) const {
        standard_error_.restore();
        action();
        standard_error_.follow(main_->output().descriptor());
    }

    base::Result<void> reopen() {
        if (path_.empty()) return {};
        auto output = open(path_);
        if (output) main_->set_output(*std::move(output));
        standard_error_.follow(main_->output().descriptor());
        if (!output) return output.error();
        return {};
    }

    void write_empty_line() {
        if (rules_.style != LineStyle::syslog) main_->log(raw_message({}));
        if (copies_) copies_->log(raw_message({}));
    }

    bool drain() {
        const bool written = main_->drain();
        return (!copies_ || copies_->drain()) && written;
    }

    [[nodiscard]] spdlog::logger& logger() { return logger_; }
    [[nodiscard]] LineSink& main() { return *main_; }
    [[nodiscard]] const LineRules& rules() const { return rules_; }

  private:
    /// A path that names standard error means what that was at first.
    base::Result<std::unique_ptr<Output>> open(const std::string& path) const {
        standard_error_.restore();
        return DescriptorOutput::open(path);
    }

    void apply_rules() {
        main_->set_rules(rules_);
        LineRules copy = rules_;
        if (copy.style == LineStyle::syslog) copy.style = LineStyle::tagged;
        if (copies_) copies_->set_rules(copy);
    }

    void drop_copies() {
        if (copies_) copies_->drain();
        copies_.reset();
        logger_.sinks().assign(1, main_);
    }

    StandardError standard_error_;
    bool on_standard_error_ = true;  ///< no other target was ever set
    bool starting_ = true;
    Level copied_from_ = Level::notice;
    LineRules rules_;
    std::string path_;  ///< of the file, empty: another target
    std::shared_ptr<LineSink> main_;
    std::shared_ptr<LineSink> copies_;
    spdlog::logger logger_;
};

ErrorLog::ErrorLog(int standard_error) : impl_(std::make_unique<Impl>(standard_error)) {}
ErrorLog::~ErrorLog() = default;
ErrorLog::ErrorLog(ErrorLog&&) noexcept = default;
ErrorLog& ErrorLog::operator=(ErrorLog&&) noexcept = default;

void ErrorLog::set_level(Level level) {
    impl_->set_level(level);
}

bool ErrorLog::enabled(Level level) const {
    return impl_->logger().should_log(to_spdlog(level));
}

base::Result<void> ErrorLog::open_file(const std::string& path) {
    return impl_->open_file(path);
}

void ErrorLog::use_descriptor(int fd) {
    impl_->set_target(DescriptorOutput::borrow(fd), {}, {});
    impl_->end_start_up();
}

void ErrorLog::use_syslog(std::string identity, int facility, std::string socket) {
    impl_->set_target(std::make_unique<SyslogOutput>(std::move(socket)),
                      {LineStyle::syslog, false, std::move(identity), facility}, {});
}

void ErrorLog::copy_from(Level level) {
    impl_->copy_from(level);
}

void ErrorLog::end_start_up() {
    impl_->end_start_up();
}

void ErrorLog::take_standard_error(Former former) {
    impl_->take_standard_error(former);
}

void ErrorLog::with_former_standard_error(const std::function<void()>& action) {
    impl_->with_former_standard_error(action);
}

base::Result<void> ErrorLog::reopen() {
    return impl_->reopen();
}

void ErrorLog::log(Level level, std::string_view text, const Where& where) {
    impl_->logger().log(place_of(where), to_spdlog(level), text);
}

void ErrorLog::debug(std::string_view text, const Where& where) {
    log(Level::debug, text, where);
}
void ErrorLog::notice(std::string_view text, const Where& where) {
    log(Level::notice, text, where);
}
void ErrorLog::warning(std::string_view text, const Where& where) {
    log(Level::warning, text, where);
}
void ErrorLog::error(std::string_view text, const Where& where) {
    log(Level::error, text, where);
}
void ErrorLog::alert(std::string_view text, const Where& where) {
    log(Level::alert, text, where);
}

PoolLog ErrorLog::pool(std::string_view name) {
    return {*this, name};
}

void ErrorLog::raw(std::string_view line) {
    impl_->main().log(raw_message(line));
}

void ErrorLog::empty_line() {
    if (enabled(Level::notice)) impl_->write_empty_line();
}

bool ErrorLog::flush() {
    return impl_->drain();
}

std::size_t ErrorLog::prefix_size(Level level) const {
    const bool tagged = impl_->rules().style == LineStyle::syslog;
    return level_name(level).size() + (tagged ? std::string_view("[] ") : "[22-Nov-2026 09:38:18] : ").size();
}

void PoolLog::log(Level level, std::string_view text, const Where& where) {
    if (log_.enabled(level)) log_.log(level, fmt::format("[pool {}] {}", pool_, text), where);
}

}  // namespace phalanx::log
