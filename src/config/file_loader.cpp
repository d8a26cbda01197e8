#include "file_loader.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <type_traits>
#include <vector>

#include "phalanx/base/parse.hpp"
#include "value_text.hpp"

namespace phalanx::config {
namespace {

base::Result<std::string> read_whole(const std::string& file) {
    const auto failed = [&file] {
        return base::system_error(fmt::format("failed to open configuration file '{}'", file));
    };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "re"),
                                                                 &std::fclose);
    if (!stream) return failed();
    std::string content;
    char block[8192];
    while (const std::size_t count = std::fread(block, 1, sizeof block, stream.get())) {
        content.append(block, count);
        if (content.size() > max_file_size) {
            return base::Error{
                fmt::format("configuration file '{}' is larger than {} bytes", file, max_file_size)};
        }
    }
    if (std::ferror(stream.get()) != 0) return failed();
    return content;
}

struct GlobResult {
    int status = 0;  ///< glob(3)'s
    std::vector<std::string> files;
};

/// The files (no directories) that match, sorted by their bytes.
GlobResult find_files(const std::string& pattern) {
    glob_t found{};
    GlobResult result;
    result.status = ::glob(pattern.c_str(), GLOB_ERR | GLOB_MARK, nullptr, &found);
    if (result.status == 0) result.files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    std::erase_if(result.files, [](const std::string& name) { return name.ends_with('/'); });
    std::sort(result.files.begin(), result.files.end());
    return result;
}

std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return small;
}

template <typename Home>
bool holds_text(const Home& home) {
    return std::visit(
        [](auto member) {
            using Member = decltype(member);
            return std::is_same_v<Member, std::string GlobalSettings::*> ||
                   std::is_same_v<Member, std::string PoolSettings::*> ||
                   std::is_same_v<Member, std::vector<std::string> PoolSettings::*>;
        },
        home);
}

const std::string* name_of(const GlobalSettings&) {
    return nullptr;
}
const std::string* name_of(const PoolSettings& pool) {
    return &pool.name;
}

}  // namespace

bool FileLoader::read_file(const std::string& file) {
    if (depth_ >= max_include_depth) {
        return report_.fail(
            fmt::format("failed to include more than {} files recursively", max_include_depth));
    }
    if (++files_ > max_files)
        return report_.fail(fmt::format("failed to include more than {} files", max_files));
    const auto content = read_whole(file);
    if (!content) return report_.fail(content.error().text());
    const std::string outer_file = std::exchange(file_, file);
    const int outer_line = std::exchange(line_, 0);
    ++depth_;
    const bool read = read_ini(*content, source_, *this);
    --depth_;
    file_ = outer_file;
    line_ = outer_line;
    return read;
}

PoolSettings* FileLoader::pool() {
    return pool_ ? &settings_.pools[*pool_] : nullptr;
}

bool FileLoader::on_section(std::string_view name) {
    if (base::equal_ignoring_case(name, "global")) {
        pool_.reset();
        return true;
    }
    const auto [known, is_new] = pool_by_name_.emplace(in_small_letters(name), settings_.pools.size());
    if (is_new && known->second >= max_pools) return fail_here(fmt::format("more than {} pools", max_pools));
    if (is_new) settings_.pools.emplace_back().name = name;
    pool_ = known->second;
    return true;
}

template <typename Section, typename Row>
bool FileLoader::store_entry(Section& section, const Row& row, std::string_view value) {
    const auto text = holds_text(row.home) ? expand_pool_name(value, name_of(section)) : std::string(value);
    const auto stored = text ? store(section, row, *text) : base::Result<void>(text.error());
    if (!stored) {
        return fail_here(
            fmt::format("unable to parse value for entry '{}': {}", row.name, stored.error().message));
    }
    section.written.insert_or_assign(std::string(row.name), *text);
    return true;
}

bool FileLoader::on_entry(std::string_view name, std::string_view value) {
    if (name == "include") {
        if (pending_include_) return fail_here("two includes at the same time !");
        pending_include_ = value;
        return true;
    }
    if (PoolSettings* section = pool()) {
        const PoolDirective* row = find_pool(name);
        return row != nullptr ? store_entry(*section, *row, value) : fail_unknown("entry", name);
    }
    const GlobalDirective* row = find_global(name);
    return row != nullptr ? store_entry(settings_.global, *row, value) : fail_unknown("entry", name);
}

bool FileLoader::on_element(std::string_view name, std::string_view key, std::string_view value) {
    const bool is_path = name == "access.suppress_path";
    if (key.empty() && !is_path) return fail_here(fmt::format("You must provide a key for field '{}'", name));
    PoolSettings* section = pool();
    if (section == nullptr) return fail_here("Array are not allowed in the global section");
    const PoolDirective* row = find_keyed(name);
    if (row == nullptr) return fail_unknown("directive", name);
    if (name == "env" && value.empty()) return fail_here("empty value");
    if (is_path) {
        bool sound = key.empty() || fail_here(fmt::format("Keys provided to field '{}' are ignored", name));
        if (!value.starts_with('/')) {
            sound = fail_here(fmt::format("Values provided to field '{}' must begin with '/'", name));
        }
        if (!sound) return false;
    }
    const auto text = expand_pool_name(value, &section->name);
    const auto stored = text ? store_keyed(*section, *row, key, *text) : base::Result<void>(text.error());
    if (stored) return true;
    return fail_here(fmt::format("error while parsing '{}[{}]' : {}", name, key, stored.error().message));
}

bool FileLoader::on_bare(std::string_view) {
    return fail_here("value is NULL for a ZEND_INI_PARSER_ENTRY");
}

void FileLoader::on_syntax_error(const base::Error& error) {
    report_.add(LogLevel::error, fmt::format("PHP:  {} in {} on line {}", error.message, file_, line_));
}

bool FileLoader::on_line_end() {
    if (!pending_include_) return true;
    const std::string pattern = std::move(*pending_include_);
    pending_include_.reset();
    return pattern.empty() || include(pattern);
}

bool FileLoader::include(const std::string& pattern) {
    const std::string path = pattern.starts_with('/') ? pattern : base_dir_ + "/" + pattern;
    const GlobResult found = find_files(path);
    if (found.status == GLOB_NOMATCH) {
        report_.add(
            LogLevel::warning,
            fmt::format("Nothing matches the include pattern '{}' from {} at line {}.", path, file_, line_));
        return true;
    }
    if (found.status != 0) {
        return report_.fail(fmt::format("Unable to globalize '{}' (ret={}) from {} at line {}.", path,
                                        found.status, file_, line_));
    }
    for (const std::string& file : found.files) {
        if (read_file(file)) continue;
        return report_.fail(fmt::format("Unable to include {} from {} at line {}", file, file_, line_));
    }
    return true;
}

bool FileLoader::fail_here(std::string_view text) {
    return report_.fail(fmt::format("[{}:{}] {}", file_, line_, text));
}

bool FileLoader::fail_unknown(std::string_view kind, std::string_view name) {
    const std::string hint = hint_for_unknown(name, pool_ ? Section::pool : Section::global);
    const bool failed = fail_here(fmt::format("unknown {} '{}'", kind, name));
    return hint.empty() ? failed : fail_here(hint);
}

}  // namespace phalanx::config
