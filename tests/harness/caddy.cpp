#include "harness/caddy.hpp"

#include <unistd.h>

namespace phalanx::harness {
namespace {

constexpr const char* kCaddy = "/usr/bin/caddy";

}  // namespace

bool Caddy::installed() {
    return ::access(kCaddy, X_OK) == 0;
}

Caddy::Caddy(const Address& upstream, const std::filesystem::path& document_root) {
    const std::string php = (upstream.is_unix() ? "unix/" : "") + upstream.listen_value();
    const auto file = files().write(
        "Caddyfile", "{\n  admin off\n  auto_https off\n }\nhttp://:" + std::to_string(address().port()) +
                         " {\n  bind 127.0.0.1\n  root * " + document_root.string() + "\n  php_fastcgi " +
                         php + "\n  file_server\n}\n");
    Command command;
    command.arguments = {kCaddy, "run", "--config", file.string(), "--adapter", "caddyfile"};
    for (const char* folder : {"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"}) {
        command.environment.emplace_back(folder, files().path().string());
    }
    start(std::move(command));
}

}  // namespace phalanx::harness
