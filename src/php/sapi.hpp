#pragma once

#include <string>

#include "zend_headers.hpp"

namespace phalanx::php {

/// The SAPI module as PHP knows it: name "fpm-fcgi" (opcache refuses "embed"; programs test for this one).
[[nodiscard]] sapi_module_struct& sapi();

/// Where output goes while no request runs: into the text, or to standard output where there is none.
void capture_output(std::string* text);

}  // namespace phalanx::php
