#pragma once

namespace phalanx::php {

struct Request;

/// Applies the ini lines that the web server sends as PHP_VALUE and PHP_ADMIN_VALUE. They hold for this
/// request alone (php-fpm lets them leak into the worker's later ones), above the pool's own values as there.
/// What cannot be undone makes the request the last of its process. Before PHP's request start, because they
/// may concern the reading of the body; may leave by longjmp.
void apply_request_values(Request& request);

}  // namespace phalanx::php
