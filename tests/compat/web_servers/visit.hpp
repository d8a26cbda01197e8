#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "compat/comparison.hpp"
#include "harness/http_message.hpp"
#include "harness/web_server.hpp"

namespace phalanx::compat {

/// Makes the web server that stands before a daemon, whose pool's address and folder of scripts these are.
using ServerMaker = std::function<std::unique_ptr<harness::WebServer>(const harness::Address& upstream,
                                                                      const std::filesystem::path& root)>;

enum class Upstream { UnixSocket, Tcp };

/// Has the same requests made of the web server before php-fpm and before the daemon under test, and reports
/// what differs: head and body, where scripts show all they are told ($_SERVER, forms, files, headers), the
/// web server's error log and the daemon's logs. Skips the test where one of the two programs is missing.
void compare_visits(const ServerMaker& make_server, Upstream upstream);

}  // namespace phalanx::compat
