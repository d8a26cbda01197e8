#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ini_reader.hpp"
#include "report.hpp"

namespace phalanx::config {

/// Files that may be open at once: the main file and what it includes, nested.
inline constexpr int max_include_depth = 5;
/// Files read in one load, whatever the includes multiply to.
inline constexpr int max_files = 100'000;
/// Size of one file in bytes.
inline constexpr std::size_t max_file_size = std::size_t{16} << 20;
/// Pools in one configuration.
inline constexpr std::size_t max_pools = 100'000;

/// Reads a configuration file and what it includes into settings: sections, directives, includes. Values are
/// checked one by one; how they go together is the affair of checks.hpp. Lives for one load.
class FileLoader : private IniListener {
  public:
    /// `base_dir` is put in front of relative include patterns. The references must outlive this object.
    FileLoader(Settings& settings, const ValueSource& source, std::string base_dir, Report& report)
        : settings_(settings), source_(source), base_dir_(std::move(base_dir)), report_(report) {}

    /// False after an error, which is reported.
    [[nodiscard]] bool read_file(const std::string& file);

  private:
    bool on_section(std::string_view name) override;
    bool on_entry(std::string_view name, std::string_view value) override;
    bool on_element(std::string_view name, std::string_view key, std::string_view value) override;
    bool on_bare(std::string_view name) override;
    void on_syntax_error(const base::Error& error) override;
    void on_line(int number) override { line_ = number; }
    bool on_line_end() override;

    bool include(const std::string& pattern);
    bool fail_here(std::string_view text);
    bool fail_unknown(std::string_view kind, std::string_view name);
    template <typename Section, typename Row>
    bool store_entry(Section& section, const Row& row, std::string_view value);
    [[nodiscard]] PoolSettings* pool();

    Settings& settings_;
    const ValueSource& source_;
    const std::string base_dir_;
    Report& report_;
    std::string file_;  ///< the file being read
    int line_ = 0;      ///< of that file
    int depth_ = 0;
    int files_ = 0;
    std::optional<std::size_t> pool_;  ///< the section being read, as an index; nothing: [global]
    std::unordered_map<std::string, std::size_t> pool_by_name_;  ///< names in small letters
    std::optional<std::string> pending_include_;
};

}  // namespace phalanx::config
