#pragma once

#include "zend_headers.hpp"

namespace phalanx::php {

/// PHP functions of php-fpm's own: fastcgi_finish_request, apache_request_headers, getallheaders and
/// fpm_get_status.
extern const zend_function_entry cgi_functions[];

}  // namespace phalanx::php
