#include "exec_guard.hpp"

#include <unistd.h>

#include <string_view>
#include <utility>

#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

zif_handler execute = nullptr;
pid_t refusing = 0;

ZEND_FUNCTION(guarded_exec) {
    if (::getpid() != refusing) {
        execute(INTERNAL_FUNCTION_PARAM_PASSTHRU);
        return;
    }
    php_error_docref(nullptr, E_WARNING, "A worker cannot be replaced by another program: fork first");
    RETURN_FALSE;
}

}  // namespace

void refuse_exec() {
    refusing = ::getpid();
    constexpr std::string_view name = "pcntl_exec";
    auto* const function =
        static_cast<zend_function*>(zend_hash_str_find_ptr(CG(function_table), name.data(), name.size()));
    if (function == nullptr || function->type != ZEND_INTERNAL_FUNCTION) return;
    execute = std::exchange(function->internal_function.handler, ZEND_FN(guarded_exec));
}

}  // namespace phalanx::php
