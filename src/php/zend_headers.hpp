#pragma once

// Zend's headers, in the order they need. The room `php` alone may include this file.

#include <zend.h>

// Does not say itself that it speaks of C functions, and has to be first.
extern "C" {
#include <zend_virtual_cwd.h>
}

#include <php.h>

#include <SAPI.h>
#include <fopen_wrappers.h>
#include <php_ini.h>
#include <php_main.h>
#include <php_output.h>
#include <php_variables.h>
#include <zend_exceptions.h>
#include <zend_extensions.h>
#include <zend_ini.h>
#include <zend_ini_scanner.h>
#include <zend_modules.h>
#include <zend_signal.h>
#include <zend_stream.h>
#include <ext/standard/info.h>

// These two do not say themselves that they speak of C functions.
extern "C" {
#include <ext/standard/dl.h>
#include <ext/standard/head.h>
}
