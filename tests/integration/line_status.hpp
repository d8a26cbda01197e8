#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "harness/site.hpp"

namespace phalanx::harness {

/// One number of the status page with what the master knows of the line ("?queue"); -1: there is no such
/// line.
inline std::int64_t line_status(Site& site, const std::string& key) {
    const std::string body = "\n" + site.get("/status?queue").body();
    const std::size_t at = body.find("\n" + key + ":");
    return at == std::string::npos ? -1 : std::atoll(body.c_str() + at + key.size() + 2);
}

}  // namespace phalanx::harness
