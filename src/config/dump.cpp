#include "phalanx/config/dump.hpp"

#include "value_text.hpp"

namespace phalanx::config {

std::vector<std::string> dump(const Settings& settings) {
    std::vector<std::string> lines{"[global]"};
    for (const GlobalDirective& directive : global_directives()) show(settings.global, directive, lines);
    lines.emplace_back(" ");
    for (const PoolSettings& pool : settings.pools) {
        lines.push_back("[" + pool.name + "]");
        for (const PoolDirective& directive : pool_directives()) show(pool, directive, lines);
        lines.emplace_back(" ");
    }
    return lines;
}

}  // namespace phalanx::config
