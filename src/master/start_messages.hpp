#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace phalanx::master {

/// What PHP has said while it started: most of it is the same for every pool, and php-fpm, where PHP starts
/// once for all of them, says it once.
class StartMessages {
  public:
    /// False: some pool's template has said it before. Beyond a number of different ones all are new.
    [[nodiscard]] bool is_new(std::string_view text) {
        if (told_.contains(text)) return false;
        if (told_.size() < most) told_.emplace(text);
        return true;
    }
    /// Another configuration begins.
    void forget() { told_.clear(); }

  private:
    static constexpr std::size_t most = 64;
    std::set<std::string, std::less<>> told_;
};

}  // namespace phalanx::master
