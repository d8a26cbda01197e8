#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace phalanx::fastcgi {

/// The name-value pairs of one request (FastCGI 1.0, 3.4), in order of arrival. All bytes live in one buffer
/// that is kept from request to request, so that a usual request allocates nothing. A name that arrives
/// again replaces the earlier value and keeps the earlier place, as php-fpm has it.
/// Every name and value is followed by a zero byte, so that data() is a C string; what follows a zero byte
/// within a value is cut off, and a name with a zero byte in it is no name: set() ignores it. (php-fpm would
/// show such a pair under the shortened name, a name that nothing in front of PHP has checked.)
class Params {
  public:
    struct Pair {
        std::string_view name;
        std::string_view value;
    };

    void clear();
    /// Adds or replaces. The texts are copied.
    void set(std::string_view name, std::string_view value);
    void erase(std::string_view name);
    /// The value, or nothing where the name is absent. Views hold until the next change.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// The pair at a place, 0 .. size() - 1, in order of arrival.
    [[nodiscard]] Pair at(std::size_t index) const;

  private:
    struct Entry {
        std::size_t name_offset, name_length, value_offset, value_length;
    };
    [[nodiscard]] std::string_view name_of(const Entry& entry) const {
        return {text_.data() + entry.name_offset, entry.name_length};
    }
    [[nodiscard]] std::string_view value_of(const Entry& entry) const {
        return {text_.data() + entry.value_offset, entry.value_length};
    }
    [[nodiscard]] static std::uint64_t tag_of(std::string_view name);
    [[nodiscard]] std::size_t index_of(std::string_view name, std::uint64_t tag) const;
    [[nodiscard]] bool are_many() const { return entries_.size() > most_searched; }
    /// Of the many: where the entry's index stands in the order of names, or would.
    [[nodiscard]] std::vector<std::uint32_t>::const_iterator place_of(std::string_view name) const;
    void take_place(std::size_t index);
    void take_all_places();
    [[nodiscard]] bool is_own(std::string_view text) const;
    /// Copies a text and a zero byte behind it; returns where the copy begins.
    std::size_t keep(std::string_view text);

    std::vector<char> text_;
    std::size_t used_ = 0;  ///< bytes of text_
    std::vector<Entry> entries_;
    /// Of the names, in the order of the entries; they tell most names apart without a look at their texts.
    /// In a place of their own, since a search reads all of them, for each pair that arrives and that PHP
    /// asks for.
    std::vector<std::uint64_t> tags_;
    /// So many are searched one after the other. More are no usual request's: whoever sends them also chooses
    /// names whose tags are the same.
    static constexpr std::size_t most_searched = 128;
    /// Of the many: their indexes, in the order of their names. A hash would cost less where nobody chooses
    /// the names; here clients do.
    std::vector<std::uint32_t> by_name_;
    /// A bit for each tag that was ever set: most names that are absent need no search.
    std::uint64_t seen_ = 0;
};

}  // namespace phalanx::fastcgi
