#include "harness/apache.hpp"

#include <unistd.h>

namespace phalanx::harness {
namespace {

constexpr const char* kApache = "/usr/sbin/apache2";
constexpr const char* kModules = "/usr/lib/apache2/modules/mod_";
constexpr const char* kUser = "robin:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n";

/// The scheme and host of the FastCGI server as mod_proxy writes them; a path follows.
std::string proxy_url(const Address& upstream) {
    if (upstream.is_unix()) return "unix:" + upstream.listen_value() + "|fcgi://localhost";
    return "fcgi://" + upstream.listen_value();
}

std::string handler(const std::string& url) {
    return "<FilesMatch \"\\.php$\">\n  SetHandler \"proxy:" + url + "\"\n</FilesMatch>\n";
}

std::string passing(const std::string& url, const std::string& root, ApacheUse use) {
    const std::string match = "ProxyPassMatch \"^/(.*\\.php(/.*)?)$\" \"";
    switch (use) {
        case ApacheUse::Handler:
            return handler(url);
        case ApacheUse::KeptHandler:
            return "<Proxy \"" + url + "/\" enablereuse=on max=4>\n</Proxy>\n" + handler(url);
        case ApacheUse::PassMatch:
            return match + url + root + "/$1\"\n";
        case ApacheUse::Rewrite:
            return "RewriteEngine on\nRewriteRule \"^/(.*\\.php(/.*)?)$\" \"" + url + root + "/$1\" [P]\n";
        case ApacheUse::Balancer:
            return "<Proxy \"balancer://group\">\n  BalancerMember \"" + url + "\"\n</Proxy>\n" + match +
                   "balancer://group" + root + "/$1\"\n";
    }
    return {};
}

std::string configuration(const TempDir& files, const Address& own, const Address& upstream,
                          const std::string& root, ApacheUse use) {
    std::string text;
    for (const char* module : {"mpm_event", "authn_core", "authn_file", "authz_core", "authz_user",
                               "auth_basic", "alias", "dir", "env", "proxy", "proxy_balancer", "proxy_fcgi",
                               "lbmethod_byrequests", "rewrite", "setenvif", "slotmem_shm"}) {
        text += "LoadModule " + std::string(module) + "_module " + kModules + module + ".so\n";
    }
    const std::string folder = files.path().string();
    if (::geteuid() == 0) text += "User www-data\nGroup www-data\n";
    text += "ServerRoot " + folder + "\nServerName localhost\nListen " + own.listen_value() + "\nPidFile " +
            folder + "/apache.pid\nDefaultRuntimeDir " + folder + "\nErrorLog " + folder +
            "/error.log\nLogLevel warn\nAllowEncodedSlashes NoDecode\nDocumentRoot " + root +
            "\nDirectoryIndex show.php\n<Directory " + root +
            ">\n  AllowOverride None\n  Require all granted\n</Directory>\n"
            "SetEnvIfNoCase ^Authorization$ \"(.+)\" HTTP_AUTHORIZATION=$1\n"
            "<Location /private>\n  AuthType Basic\n  AuthName \"private\"\n  AuthUserFile " +
            files.write("users", kUser).string() + "\n  Require valid-user\n</Location>\n";
    return text + passing(proxy_url(upstream), root, use);
}

}  // namespace

bool Apache::installed() {
    return ::access(kApache, X_OK) == 0;
}

Apache::Apache(const Address& upstream, const std::filesystem::path& document_root, ApacheUse use) {
    const auto file = files().write("apache.conf",
                                    configuration(files(), address(), upstream, document_root.string(), use));
    Command command;
    command.arguments = {kApache, "-d", files().path().string(), "-f", file.string(), "-DFOREGROUND"};
    start(std::move(command));
}

}  // namespace phalanx::harness
