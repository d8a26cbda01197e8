#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phalanx::harness {

/// One section of a php-fpm configuration, in the order it is written.
class Section {
  public:
    explicit Section(std::string name) : name_(std::move(name)) {}

    /// Replaces the entry of that key, or adds it at the end. The value is written as it is, quotes and all.
    Section& set(std::string_view key, std::string_view value);
    Section& remove(std::string_view key);
    [[nodiscard]] std::string value(std::string_view key) const;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::string text() const;

  private:
    std::string name_;
    std::vector<std::pair<std::string, std::string>> entries_;
};

/// A whole configuration: [global] and pools, made on first mention.
class ConfigFile {
  public:
    [[nodiscard]] Section& global() { return global_; }
    [[nodiscard]] Section& pool(std::string_view name);
    void drop_pool(std::string_view name) {
        std::erase_if(pools_, [name](const Section& pool) { return pool.name() == name; });
    }
    [[nodiscard]] std::string text() const;

  private:
    Section global_{"global"};
    std::vector<Section> pools_;
};

}  // namespace phalanx::harness
