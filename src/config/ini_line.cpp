#include "ini_line.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ini_token.hpp"
#include "ini_value.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

/// What ends a name at the start of a line.
constexpr std::string_view label_end = "\t=\r\n;&|^$~(){}!\"[";

std::string_view label_at(std::string_view text) {
    return text.substr(0, std::min(text.find_first_of(label_end), text.size()));
}

/// PHP's name for a label that is a boolean word, which may not stand at the start of a line; else empty.
std::string boolean_token(std::string_view label) {
    const TokenKind kind = kind_of_word(base::trim(label));
    return kind == TokenKind::word ? std::string() : name_of({kind, 0, {}});
}

/// Whether the blanks at the front of a text are the beginning of the label behind them, which so is never a
/// boolean word: spaces are, tabs not.
bool begins_label_with_spaces(std::string_view text) {
    return text.starts_with(' ') && !text.substr(text.find_first_not_of(' ')).starts_with('\t');
}

/// PHP's name for what stands at the front of a text where a "=" was wanted.
std::string token_instead_of_sign(std::string_view text) {
    const std::size_t blanks = blanks_at(text);
    const bool spaces = blanks < text.size() && begins_label_with_spaces(text);
    text.remove_prefix(blanks);
    if (text.empty() || is_line_end(text.front()) || text.front() == ';') return "END_OF_LINE";
    if (text.front() == '[') return spaces ? "TC_OFFSET" : "TC_SECTION";
    if (spaces) return text.substr(label_at(text).size()).starts_with('[') ? "TC_OFFSET" : "TC_LABEL";
    const std::string_view label = label_at(text);
    if (label.empty()) return fmt::format("'{}'", text.front());
    if (text.substr(label.size()).starts_with('[')) return "TC_OFFSET";
    const std::string word = boolean_token(label);
    return word.empty() ? "TC_LABEL" : word;
}

/// Reads the statements of one line until its end or the first fault.
class LineReader {
  public:
    LineReader(std::string_view line, const ValueSource& source) : scanner_(line, source) {}

    ParsedLine read() {
        while (!parsed_.error && more()) {
            if (parsed_.statements.size() >= max_statements_per_line)
                fail({"too many statements in one line"});
            else
                statement();
        }
        return std::move(parsed_);
    }

  private:
    /// Passes over blanks, line ends and comments.
    bool more() {
        while (true) {
            const std::string_view rest = scanner_.rest();
            scanner_.skip_blanks();
            if (scanner_.at_end()) return false;
            const char next = scanner_.rest().front();
            if (next == ';') {
                scanner_.skip(std::min(scanner_.rest().find_first_of("\r\n"), scanner_.rest().size()));
            } else if (is_line_end(next)) {
                scanner_.skip(1);
            } else {
                after_spaces_ = begins_label_with_spaces(rest);
                return true;
            }
        }
    }

    void statement() {
        const std::string_view rest = scanner_.rest();
        // Behind spaces it is the key of a label that they alone make up.
        if (rest.front() == '[' && !after_spaces_) return section();
        const std::string_view label = label_at(rest);
        if (label.empty() && rest.front() != '[') {
            if (after_spaces_ && rest.front() != '=')
                parsed_.statements.push_back({Statement::Kind::bare, {}, {}, {}});
            return fail(unexpected(fmt::format("'{}'", rest.front())));
        }
        const bool has_key = rest.substr(label.size()).starts_with('[');
        const std::string boolean = boolean_token(label);
        if (!after_spaces_ && !has_key && !boolean.empty()) return fail(unexpected(boolean));
        Statement statement{Statement::Kind::bare, std::string(base::trim(label)), {}, {}};
        scanner_.skip(label.size());
        if (has_key) return element(std::move(statement));
        scanner_.skip_blanks();
        if (scanner_.rest().starts_with('=')) return entry(std::move(statement));
        parsed_.statements.push_back(std::move(statement));
    }

    void section() {
        scanner_.skip(1);
        auto name = parse_bracketed(scanner_, BracketUse::section);
        if (!name) return fail(name.error());
        parsed_.statements.push_back({Statement::Kind::section, std::move(*name), {}, {}});
    }

    void element(Statement statement) {
        statement.kind = Statement::Kind::element;
        scanner_.skip(1);
        scanner_.skip_blanks();
        auto key = parse_bracketed(scanner_, BracketUse::key);
        if (!key) return fail(key.error());
        statement.key = std::move(*key);
        const std::string_view behind = scanner_.rest();
        scanner_.skip_blanks();
        if (!scanner_.rest().starts_with('=')) {
            return fail(unexpected(token_instead_of_sign(behind), "'='"));
        }
        value(std::move(statement));
    }

    void entry(Statement statement) {
        statement.kind = Statement::Kind::entry;
        value(std::move(statement));
    }

    /// PHP hands an entry over before it notices that something wrong follows: so does this.
    void value(Statement statement) {
        scanner_.skip(1);
        auto text = parse_value(scanner_);
        if (!text) return fail(text.error());
        statement.value = std::move(*text);
        parsed_.statements.push_back(std::move(statement));
        const auto ended = expect_end_of_value(scanner_);
        if (!ended) return fail(ended.error());
        // A single quote that opens nothing: '' ends the value before its second half, ' ends the line.
        const std::string_view rest = scanner_.rest();
        if (rest.starts_with('\'')) scanner_.skip(rest.starts_with("''") ? 1 : rest.size());
    }

    void fail(base::Error error) { parsed_.error = std::move(error); }

    Scanner scanner_;
    bool after_spaces_ = false;
    ParsedLine parsed_;
};

}  // namespace

ParsedLine parse_line(std::string_view line, const ValueSource& source) {
    return LineReader(line.substr(0, line.find('\0')), source).read();
}

}  // namespace phalanx::config
