#include "limit_watch.hpp"

#include <string_view>
#include <utility>

#include "phalanx/php/engine.hpp"
#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

zif_handler set_limit = nullptr;
bool limits_changed = false;

ZEND_FUNCTION(watched_set_limit) {
    limits_changed = true;
    set_limit(INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

}  // namespace

void watch_limits() {
    constexpr std::string_view name = "posix_setrlimit";
    auto* const function =
        static_cast<zend_function*>(zend_hash_str_find_ptr(CG(function_table), name.data(), name.size()));
    if (function == nullptr || function->type != ZEND_INTERNAL_FUNCTION) return;
    set_limit = std::exchange(function->internal_function.handler, ZEND_FN(watched_set_limit));
}

bool scripts_have_changed_limits() {
    return limits_changed;
}

}  // namespace phalanx::php
