#pragma once

#include <string>

#include "harness/site.hpp"

namespace phalanx::harness {

/// Makes FFI available to the site's scripts.
inline void with_ffi(Site& site) {
    auto& arguments = site.start_options().arguments;
    arguments.insert(arguments.end(), {"-d", "extension=ffi.so", "-d", "ffi.enable=1"});
}

/// The PHP code of a script that owns its process as nobody should: it can put any packet and any descriptors
/// on the worker's channel to the master. Then comes `code`.
inline std::string script_with_the_channel(const std::string& code) {
    return R"php(<?php
$c = FFI::cdef('
    struct iovec { void *base; size_t size; };
    struct msghdr { void *name; unsigned name_size; struct iovec *pieces; size_t piece_count;
                    void *control; size_t control_size; int flags; };
    long sendmsg(int, const struct msghdr *, int);
    int getsockopt(int, int, int, void *, void *);
    int setsockopt(int, int, int, const void *, unsigned);
    int socket(int, int, int);
    int connect(int, const void *, unsigned);
    long send(int, const void *, size_t, int);
    int eventfd(unsigned, int);
    void _exit(int);');
function in_c($bytes) {
    $memory = FFI::new('char[' . (strlen($bytes) + 1) . ']', false);
    if ($bytes !== '') FFI::memcpy($memory, $bytes, strlen($bytes));
    return $memory;
}
/** The one socket of the process that is of type SOCK_SEQPACKET. */
function channel() {
    global $c;
    $size = in_c(pack('V', 4));
    for ($fd = 3; $fd < 64; ++$fd) {
        $type = in_c(pack('V', 0));
        if ($c->getsockopt($fd, 1, 3, $type, $size) === 0 && ord($type[0]) === 5) return $fd;
    }
}
function head($kind, $flags = 0, $index = 0, $generation = 0, $size = 0) {
    return pack('V6', $kind, $flags, $index, $generation, $size, 0);
}
function say($packet, ...$fds) {
    global $c;
    $piece = $c->new('struct iovec', false);
    $piece->base = FFI::cast('void *', FFI::addr(in_c($packet)));
    $piece->size = strlen($packet);
    $message = $c->new('struct msghdr', false);
    $message->pieces = FFI::addr($piece);
    $message->piece_count = 1;
    if ($fds) {
        $control = pack('Pll', 16 + 4 * count($fds), 1, 1) . pack('l*', ...$fds);
        $control = str_pad($control, 16 + 8 * intdiv(count($fds) + 1, 2), "\0");
        $message->control = FFI::cast('void *', FFI::addr(in_c($control)));
        $message->control_size = strlen($control);
    }
    return $c->sendmsg(channel(), FFI::addr($message), 0x4000);
}
/** A connection to 127.0.0.1 at which nobody reads, and whose close(2) would wait for that. */
function lingering_connection($port) {
    global $c;
    $fd = $c->socket(2, 1, 0);
    $c->connect($fd, in_c(pack('vnCCCCx8', 2, $port, 127, 0, 0, 1)), 16);
    $c->setsockopt($fd, 1, 13, in_c(pack('VV', 1, 30)), 8);
    for ($i = 0; $i < 20; ++$i) {
        while ($c->send($fd, in_c(str_repeat('x', 65536)), 65536, 0x40) > 0);
        usleep(10000);
    }
    return $fd;
}
)php" + code;
}

}  // namespace phalanx::harness
