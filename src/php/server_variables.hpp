#pragma once

#include "zend_headers.hpp"

namespace phalanx::php {

/// Puts the running request's parameters beside the process environment wherever PHP asks for the
/// environment ($_SERVER, $_ENV, getenv()). Once, after PHP's start.
void install_environment_import();

// SAPI callbacks.
void register_server_variables(zval* array) noexcept;
char* get_environment_variable(const char* name, std::size_t length) noexcept;
char* read_cookies() noexcept;

}  // namespace phalanx::php
