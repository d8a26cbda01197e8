#include <array>
#include <cstdint>
#include <random>

#include "directives.hpp"
#include "php_fpm_comparison.hpp"

namespace phalanx::config::testing {
namespace {

/// Pieces that values and odd names are put together from. Left out is what is meant to differ: control bytes
/// (we escape them), a "$" at the end of a line (php-fpm takes the line's end into the value), and what only
/// a running PHP knows (its constants and ini values).
constexpr std::array pieces{"yes",         "no",        "On",
                            "NONE",        "null",      "true",
                            "1",           "0",         "-1",
                            "5",           "007",       "0x10",
                            "1e3",         "5k",        "1.5",
                            "10s",         "5m",        "2h",
                            "1d",          "5x",        "m",
                            "a",           "x y",       "\"",
                            "'",           "\"a\"",     "'b'",
                            "\"a b\"",     "\\",        "\\\"",
                            "\"a\\\"",     "'a\\'b'",   "${HOME}",
                            "${NOPE}",     "${}",       "${",
                            "$x",          "$pool",     "\"$pool\"",
                            "E_ALL",       "|",         "&",
                            "^",           "~",         "!",
                            "(",           ")",         "=",
                            ";",           "; c",       "#",
                            " ",           "\t",        "[",
                            "]",           "{",         "}",
                            ",",           ":",         "/",
                            "/tmp",        ".",         "..",
                            "-",           "+",         "?",
                            "*",           "%",         "@",
                            "`",           "<",         ">",
                            "\xc3\xa9",    "\xff",      "$prefix",
                            "\"${HOME}\"", "'${HOME}'", "a\"b\"c",
                            "a'b'c",       "\\n",       "\\\\",
                            "unlimited",   "debug",     "WARN",
                            "static",      "Dynamic",   "ondemand",
                            "LOCAL3",      "root",      "www-data",
                            "epoll",       "9000",      "127.0.0.1:9001"};

/// Makes the same odd files in every run: the numbers of mt19937 are fixed by the standard.
class OddFiles {
  public:
    explicit OddFiles(std::uint32_t seed) : numbers_(seed) {}

    std::string global_lines() {
        std::string text;
        for (std::size_t count = below(3); count > 0; --count) {
            const GlobalDirective& directive = global_directives()[below(global_directives().size())];
            text += line(std::string(is_own(directive) ? "log_limit" : directive.name));
        }
        return text;
    }

    std::string pool_lines() {
        std::string text;
        for (std::size_t count = 1 + below(3); count > 0; --count) text += line(pool_key());
        if (below(10) == 0) text += section();
        return text;
    }

  private:
    std::size_t below(std::size_t end) { return numbers_() % end; }

    template <typename Texts>
    std::string one_of(const Texts& texts) {
        return texts[below(std::size(texts))];
    }

    std::string some_pieces(std::size_t count) {
        std::string text;
        for (; count > 0; --count) text += one_of(pieces) + (below(4) == 0 ? " " : "");
        return text;
    }

    std::string pool_key() {
        constexpr std::array keys{"[A]", "[B c]", "[\"q\"]", "['r']", "[E_ALL]", "[${HOME}]", "[]", "[a"};
        if (below(3) == 0) return "php_value[v" + std::to_string(below(9)) + "]";
        const PoolDirective& directive = pool_directives()[below(pool_directives().size())];
        // Formats of the access log are another room's to judge.
        if (directive.name == "access.format" || is_own(directive)) return "env[F]";
        return std::string(directive.name) + (is_keyed(directive) ? one_of(keys) : "");
    }

    std::string line(std::string key) {
        constexpr std::array signs{"=", " = ", " =", "= ", "\t=\t", "", " "};
        constexpr std::array ends{"\n", "\n", "\r\n", " ; c\n", ";\n", " \n", "\n\n", "\t\n"};
        constexpr std::array indents{" ", "\t", "  "};
        if (below(20) == 0) key = some_pieces(2);
        if (below(20) == 0) {
            for (char& c : key) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        }
        const std::string indent = below(5) == 0 ? one_of(indents) : "";
        const std::string sign = below(5) == 0 ? one_of(signs) : " = ";
        return indent + key + sign + (below(7) == 0 ? "" : some_pieces(1 + below(4))) + one_of(ends);
    }

    std::string section() {
        constexpr std::array names{"[b]",  "[ b ]",    "[\"q\"]",   "['r']", "[a;b]",   "[a]b",
                                   "[a]]", "[[a]",     "[${HOME}]", "[yes]", "[E_ALL]", "[a=b]",
                                   "[]",   "[global]", "[GLOBAL]",  "[WWW]", " [b]",    "\t[b]"};
        constexpr std::array ends{"\n", " x\n", " ; c\n", " a=b\n"};
        return one_of(names) + one_of(ends) + "listen=9000\n";
    }

    std::mt19937 numbers_;
};

class PhpFpmRandomDifference : public PhpFpmDifference,
                               public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(PhpFpmRandomDifference, OddFilesAreReadAlike) {
    constexpr int files = 120;
    OddFiles odd(GetParam());
    for (int i = 0; i < files; ++i) {
        const std::string global = odd.global_lines();
        compare(global, odd.pool_lines());
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PhpFpmRandomDifference, ::testing::Values(1U, 2U, 3U, 4U));

}  // namespace
}  // namespace phalanx::config::testing
