#pragma once

#include <string>

namespace phalanx::config {

/// docs/configuration.md: the language of the files and every directive, in Markdown.
[[nodiscard]] std::string render_documentation();

}  // namespace phalanx::config
