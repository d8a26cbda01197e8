#include "harness/haproxy.hpp"

#include <unistd.h>

namespace phalanx::harness {
namespace {

constexpr const char* kHaproxy = "/usr/sbin/haproxy";

}  // namespace

bool Haproxy::installed() {
    return ::access(kHaproxy, X_OK) == 0;
}

Haproxy::Haproxy(const Address& upstream, const std::filesystem::path& document_root,
                 const std::string& options) {
    const std::string php = (upstream.is_unix() ? "unix@" : "") + upstream.listen_value();
    const auto file = files().write(
        "haproxy.cfg",
        "global\n  nbthread 1\n  maxconn 100\n"
        "defaults\n  mode http\n  timeout connect 20s\n  timeout client 20s\n  timeout server 20s\n"
        "frontend web\n  bind 127.0.0.1:" +
            std::to_string(address().port()) +
            "\n  default_backend php\n"
            "backend php\n  use-fcgi-app php\n  http-reuse always\n  server php " +
            php +
            " proto fcgi\n"
            "fcgi-app php\n  log-stderr global\n  docroot " +
            document_root.string() +
            "\n  index index.php\n"
            "  path-info ^(/.+\\.php)(/.*)?$\n" +
            options);
    Command command;
    command.arguments = {kHaproxy, "-db", "-f", file.string()};
    start(std::move(command));
}

}  // namespace phalanx::harness
