#pragma once

#include "zend_headers.hpp"

namespace phalanx::php {

/// The ini entries of php-fpm's module "cgi-fcgi", kept up to date by the engine.
struct CgiSettings {
    bool rfc2616_headers = false;     ///< cgi.rfc2616_headers
    bool nph = false;                 ///< cgi.nph
    bool force_redirect = true;       ///< cgi.force_redirect: accepted, means nothing to FastCGI
    bool fix_pathinfo = true;         ///< cgi.fix_pathinfo
    bool discard_path = false;        ///< cgi.discard_path
    bool logging = true;              ///< fastcgi.logging
    char* redirect_status = nullptr;  ///< cgi.redirect_status_env: accepted, means nothing to FastCGI
    char* error_header = nullptr;     ///< fastcgi.error_header
    char* configuration = nullptr;    ///< fpm.config
};

extern CgiSettings cgi_settings;

/// The module that php-fpm calls cgi-fcgi: the ini entries above and the functions of functions.hpp.
extern zend_module_entry cgi_module;

}  // namespace phalanx::php
