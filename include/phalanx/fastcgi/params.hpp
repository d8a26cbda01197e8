#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
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
        /// Of the name; tells most names apart without a look at their texts.
        std::uint64_t tag;
    };
    [[nodiscard]] static std::uint64_t tag_of(std::string_view name);
    [[nodiscard]] std::size_t index_of(std::string_view name) const;
    std::string text_;
    std::vector<Entry> entries_;
};

}  // namespace phalanx::fastcgi
