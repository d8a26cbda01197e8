#include "ini_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace phalanx::config {
namespace {

const ValueSource source{[](std::string_view word) { return base::Result<std::string>(std::string(word)); },
                         [](std::string_view) { return base::Result<std::string>(std::string()); }};

/// Writes down what it hears; stops at the entry "stop".
class Notes : public IniListener {
  public:
    bool on_section(std::string_view name) override { return note("[" + std::string(name) + "]"); }
    bool on_entry(std::string_view name, std::string_view value) override {
        (void)note(std::string(name) + "=" + std::string(value));
        return name != "stop";
    }
    bool on_element(std::string_view name, std::string_view key, std::string_view value) override {
        return note(std::string(name) + "{" + std::string(key) + "}=" + std::string(value));
    }
    bool on_bare(std::string_view name) override { return note(std::string(name)); }
    void on_syntax_error(const base::Error& error) override { (void)note("ERROR " + error.message); }
    void on_line(int number) override { line_ = number; }
    bool on_line_end() override {
        ++lines_ended;
        return true;
    }

    std::vector<std::string> all;
    int lines_ended = 0;

  private:
    bool note(const std::string& text) {
        all.push_back(std::to_string(line_) + ":" + text);
        return true;
    }
    int line_ = 0;
};

std::vector<std::string> heard(std::string_view content) {
    Notes notes;
    (void)read_ini(content, source, notes);
    return notes.all;
}

using Lines = std::vector<std::string>;

TEST(IniReader, TellsStatementsWithTheirLines) {
    EXPECT_EQ(heard("a = 1\n\n; x\n[s]\n  b = 2\n  c = 3\n[t]\n[u]\n"),
              (Lines{"1:a=1", "4:[s]", "5:b=2", "6:c=3", "7:[t]", "8:[u]"}));
}

TEST(IniReader, TakesEveryKindOfLineEnd) {
    EXPECT_EQ(heard("a = 1\r\nb = 2\r\n"), (Lines{"1:a=1", "2:b=2"}));
    EXPECT_EQ(heard("a = 1"), (Lines{"1:a=1"}));
    EXPECT_EQ(heard("a = 1  "), (Lines{"1:a=1"}));
    EXPECT_EQ(heard("\xEF\xBB\xBF[s]\na = 1\n"), (Lines{"1:[s]", "2:a=1"}));
    EXPECT_EQ(heard(""), Lines{});
    EXPECT_EQ(heard("\n\n"), Lines{});
}

TEST(IniReader, KeepsWhatInihWouldMistake) {
    const std::string longer(5000, 'n');
    EXPECT_EQ(heard("a:b = c:d\n"), (Lines{"1:a:b=c:d"}));
    EXPECT_EQ(heard("#a = # b\n"), (Lines{"1:#a=# b"}));
    EXPECT_EQ(heard("a = \"x ; y\"\n"), (Lines{"1:a=x ; y"}));
    EXPECT_EQ(heard("a = \" x \"\n"), (Lines{"1:a= x "}));
    EXPECT_EQ(heard("a = \"\"\n"), (Lines{"1:a="}));
    EXPECT_EQ(heard("@ = @\n@section = 1\n"), (Lines{"1:@=@", "2:@section=1"}));
    EXPECT_EQ(heard("[@]\n[@section]\n[]\n"), (Lines{"1:[@]", "2:[@section]", "3:[]"}));
    EXPECT_EQ(heard(longer + " = " + longer), (Lines{"1:" + longer + "=" + longer}));
    EXPECT_EQ(heard("[" + longer + "]\na = 1"), (Lines{"1:[" + longer + "]", "2:a=1"}));
    EXPECT_EQ(heard("k[" + longer + "] = 1"), (Lines{"1:k{" + longer + "}=1"}));
    EXPECT_EQ(heard("a = b # " + longer), (Lines{"1:a=b # " + longer}));
    EXPECT_EQ(heard("\"['\n"), (Lines{"1:ERROR syntax error, unexpected '\"'"}));
}

TEST(IniReader, LengthsAroundInihsLimitsAreKept) {
    for (std::size_t length = 45; length < 55; ++length) {
        const std::string text(length, 'x');
        EXPECT_EQ(heard("[" + text + "]\n" + text + "=" + text),
                  (Lines{"1:[" + text + "]", "2:" + text + "=" + text}));
    }
}

TEST(IniReader, ANulEndsTheLineOnly) {
    EXPECT_EQ(heard(std::string_view("a = 1\0x\nb = 2\n", 14)), (Lines{"1:a=1", "2:b=2"}));
}

TEST(IniReader, StopsWhenAskedTo) {
    Notes notes;
    EXPECT_FALSE(read_ini("a = 1\nstop = 1\nb = 1\n", source, notes));
    EXPECT_EQ(notes.all, (Lines{"1:a=1", "2:stop=1"}));
    EXPECT_EQ(notes.lines_ended, 1);
}

TEST(IniReader, TellsAFaultAfterWhatStoodBeforeIt) {
    EXPECT_EQ(heard("a = b=c\nd = 1\n"), (Lines{"1:a=b", "1:ERROR syntax error, unexpected '='"}));
    EXPECT_EQ(heard("stop = b=c\n"), (Lines{"1:stop=b", "1:ERROR syntax error, unexpected '='"}));
}

}  // namespace
}  // namespace phalanx::config
