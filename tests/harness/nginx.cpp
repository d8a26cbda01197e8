#include "harness/nginx.hpp"

#include <unistd.h>

namespace phalanx::harness {
namespace {

constexpr const char* kNginx = "/usr/sbin/nginx";
constexpr const char* kStockParams = "/etc/nginx/fastcgi_params";
constexpr const char* kStockConf = "/etc/nginx/fastcgi.conf";
constexpr const char* kSnippet = "/etc/nginx/snippets/fastcgi-php.conf";
constexpr const char* kStockTypes = "/etc/nginx/mime.types";

std::string locations(UpstreamUse use, std::string_view directives, Files files) {
    const std::string pass = (use == UpstreamUse::Kept ? "      fastcgi_keep_conn on;\n" : "") +
                             std::string(directives) + "      fastcgi_pass php;\n    }\n";
    const std::string params = "      include " + std::string(kStockParams) +
                               ";\n      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n";
    if (files == Files::ToPhp) return "    location / {\n" + params + pass;
    const std::string served =
        "    index index.php;\n    location / {\n      include " + std::string(kStockTypes) + ";\n    }\n";
    if (files == Files::DebianSnippet) {
        return served + "    location ~ \\.php(/|$) {\n      include " + kSnippet + ";\n" + pass;
    }
    return served +
           "    location ~ \\.php(/|$) {\n      fastcgi_split_path_info ^(.+?\\.php)(/.*)$;\n"
           "      set $path_info $fastcgi_path_info;\n      try_files $fastcgi_script_name =404;\n"
           "      fastcgi_param PATH_INFO $path_info;\n" +
           params + pass;
}

std::string configuration(const TempDir& folder, const Address& own, const Address& upstream,
                          const std::filesystem::path& root, UpstreamUse use, std::string_view directives,
                          Files files) {
    const std::string path = folder.path().string();
    std::string text = ::geteuid() == 0 ? "user www-data;\n" : "";
    text += "daemon off;\nworker_processes 1;\npid " + path + "/nginx.pid;\nerror_log " + path +
            "/error.log warn;\nevents { worker_connections 1000; }\nhttp {\n  access_log off;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
        text += "  " + std::string(kind) + "_temp_path " + path + "/" + kind + ";\n";
    }
    text += "  client_max_body_size 0;\n  upstream php {\n    server " + upstream.nginx_value() + ";\n" +
            (use == UpstreamUse::Kept ? "    keepalive 64;\n" : "") + "  }\n  server {\n    listen " +
            own.listen_value() + ";\n    root " + root.string() + ";\n" + locations(use, directives, files) +
            "  }\n}\n";
    return text;
}

}  // namespace

bool Nginx::installed() {
    return ::access(kNginx, X_OK) == 0 && ::access(kStockParams, R_OK) == 0;
}

Nginx::Nginx(const Address& upstream, const std::filesystem::path& document_root, UpstreamUse use,
             std::string_view directives, Files served) {
    files().write("fastcgi.conf", read_file(kStockConf));  // the snippet looks for it beside nginx.conf
    const auto file = files().write(
        "nginx.conf", configuration(files(), address(), upstream, document_root, use, directives, served));
    Command command;
    command.arguments = {
        kNginx, "-p", files().path().string(), "-e", (files() / "error.log").string(), "-c", file.string()};
    start(std::move(command));
}

}  // namespace phalanx::harness
