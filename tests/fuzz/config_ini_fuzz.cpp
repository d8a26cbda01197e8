// Configuration text: whatever the bytes are, inih must hand on exactly the statements that the line reader
// found, in their order and unchanged.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "ini_reader.hpp"

namespace {

using phalanx::base::Error;
using phalanx::base::Result;
using phalanx::config::Statement;

void require(bool holds) {
    if (!holds) __builtin_trap();
}

class Recorder : public phalanx::config::IniListener {
  public:
    bool on_section(std::string_view name) override { return add(Statement::Kind::section, name, {}, {}); }
    bool on_entry(std::string_view name, std::string_view value) override {
        return add(Statement::Kind::entry, name, {}, value);
    }
    bool on_element(std::string_view name, std::string_view key, std::string_view value) override {
        return add(Statement::Kind::element, name, key, value);
    }
    bool on_bare(std::string_view name) override { return add(Statement::Kind::bare, name, {}, {}); }
    void on_syntax_error(const Error& error) override { fault = error.message; }
    void on_line(int number) override { require(number == ++lines); }
    bool on_line_end() override { return true; }

    std::vector<Statement> heard;
    std::string fault;
    int lines = 0;

  private:
    bool add(Statement::Kind kind, std::string_view name, std::string_view key, std::string_view value) {
        heard.push_back({kind, std::string(name), std::string(key), std::string(value)});
        return true;
    }
};

bool same(const Statement& left, const Statement& right) {
    return left.kind == right.kind && left.name == right.name && left.key == right.key &&
           left.value == right.value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const phalanx::config::ValueSource source{
        [](std::string_view word) { return Result<std::string>(std::string(word)); },
        [](std::string_view name) { return Result<std::string>("<" + std::string(name) + ">"); }};
    const std::string text(reinterpret_cast<const char*>(data), size);
    Recorder recorder;
    const bool whole = phalanx::config::read_ini(text, source, recorder);
    require(whole == recorder.fault.empty());

    std::vector<Statement> expected;
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    for (int line = 0; line < recorder.lines; ++line) {
        const std::size_t length = std::min(rest.find('\n'), rest.size());
        auto parsed = phalanx::config::parse_line(rest.substr(0, length), source);
        std::move(parsed.statements.begin(), parsed.statements.end(), std::back_inserter(expected));
        rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    require(std::equal(expected.begin(), expected.end(), recorder.heard.begin(), recorder.heard.end(), same));
    return 0;
}
