#include "harness/lighttpd.hpp"

#include <unistd.h>

namespace phalanx::harness {
namespace {

constexpr const char* kLighttpd = "/usr/sbin/lighttpd";

}  // namespace

bool Lighttpd::installed() {
    return ::access(kLighttpd, X_OK) == 0;
}

Lighttpd::Lighttpd(const Address& upstream, const std::filesystem::path& document_root) {
    const std::string php = upstream.is_unix()
                                ? "\"socket\" => \"" + upstream.listen_value() + "\""
                                : "\"host\" => \"127.0.0.1\", \"port\" => " + std::to_string(upstream.port());
    const auto file = files().write(
        "lighttpd.conf", "server.modules = (\"mod_fastcgi\")\nserver.bind = \"127.0.0.1\"\nserver.port = " +
                             std::to_string(address().port()) + "\nserver.document-root = \"" +
                             document_root.string() +
                             "\"\nindex-file.names = (\"index.php\")\n"
                             "mimetype.assign = (\".txt\" => \"text/plain\")\n"
                             "fastcgi.server = (\".php\" => ((" +
                             php + ", \"broken-scriptfilename\" => \"enable\")))\n");
    Command command;
    command.arguments = {kLighttpd, "-D", "-f", file.string()};
    start(std::move(command));
}

}  // namespace phalanx::harness
