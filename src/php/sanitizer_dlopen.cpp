// Linked into programs that run PHP under AddressSanitizer, and only there. PHP opens its extensions with
// RTLD_DEEPBIND, which AddressSanitizer refuses, since it would hide its own malloc from them.

#include <dlfcn.h>

extern "C" const char* __asan_default_options() {
    return "detect_leaks=0:allow_user_segv_handler=1";
}

extern "C" void* dlopen(const char* file, int mode) noexcept {
    using Open = void* (*)(const char*, int);
    static const auto open = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "dlopen"));
    return open(file, mode & ~RTLD_DEEPBIND);
}
