#include "compat/comparison.hpp"

// What the usual web servers say of a request, to scripts and to the fix-up of paths.

namespace phalanx::compat {
namespace {

constexpr const char* kShow = R"(<?php
foreach ($_SERVER as $k => $v) {
    if (preg_match('/SCRIPT|PATH_|DOCUMENT|PHP_SELF|REDIRECT|ORIG_|REQUEST_URI|QUERY/', $k)) echo "$k=", $v, "\n";
}
echo 'in ', __FILE__, ' at ', getcwd(), ' get ', json_encode($_GET), "\n";)";

using Params = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// A request of just these params, as a server would send them; what all send is there already.
Case served(std::string name, const Params& params, std::string method = "GET") {
    Case one{std::move(name), "", "/app.php", std::move(method)};
    for (const char* none : {"DOCUMENT_URI", "REDIRECT_STATUS"}) one.params.push_back({none, std::nullopt});
    for (const auto& [key, value] : params) one.params.push_back({key, value});
    return one;
}

std::vector<Case> nginx() {
    return {
        served("nginx, split", {{"SCRIPT_FILENAME", "{root}/app.php"},
                                {"SCRIPT_NAME", "/app.php"},
                                {"PATH_INFO", "/a b"},
                                {"PATH_TRANSLATED", "{root}/a b"},
                                {"DOCUMENT_URI", "/app.php/a b"},
                                {"REQUEST_URI", "/app.php/a%20b?q=1"},
                                {"QUERY_STRING", "q=1"},
                                {"REDIRECT_STATUS", "200"}}),
        served("nginx, split without info", {{"SCRIPT_FILENAME", "{root}/app.php"}, {"PATH_INFO", ""}}),
        served("nginx, not split", {{"SCRIPT_FILENAME", "{root}/app.php/x/y"},
                                    {"SCRIPT_NAME", "/app.php/x/y"},
                                    {"DOCUMENT_URI", "/app.php/x/y"},
                                    {"REQUEST_URI", "/app.php/x/y"}}),
        served("nginx, front controller", {{"SCRIPT_FILENAME", "{root}/app.php"},
                                           {"SCRIPT_NAME", "/app.php"},
                                           {"DOCUMENT_URI", "/app.php"},
                                           {"REQUEST_URI", "/pretty/url?x"},
                                           {"QUERY_STRING", "x"}}),
        served("nginx, alias", {{"SCRIPT_FILENAME", "{root}/sub/app.php"},
                                {"SCRIPT_NAME", "/alias/app.php"},
                                {"DOCUMENT_ROOT", "{root}/other"}}),
        served("nginx, empty params",
               {{"PATH_INFO", ""}, {"PATH_TRANSLATED", "{root}"}, {"REDIRECT_URL", ""}}),
    };
}

std::vector<Case> apache() {
    const auto handler = [](std::string name, const std::string& file, const std::string& script,
                            const std::string& info, Params more = {}) {
        Params params = {{"SCRIPT_FILENAME", file},           {"SCRIPT_NAME", script},
                         {"REQUEST_URI", script + info},      {"CONTEXT_PREFIX", ""},
                         {"CONTEXT_DOCUMENT_ROOT", "{root}"}, {"SERVER_SOFTWARE", "Apache/2.4.62 (Debian)"}};
        if (!info.empty())
            params.insert(params.end(), {{"PATH_INFO", info}, {"PATH_TRANSLATED", "{root}" + info}});
        params.insert(params.end(), more.begin(), more.end());
        return served(std::move(name), params);
    };
    const auto pass = [](std::string name, const std::string& file, const std::string& script,
                         Params more = {}) {
        Params params = {{"SCRIPT_FILENAME", file},
                         {"SCRIPT_NAME", script},
                         {"REQUEST_URI", script},
                         {"SERVER_SOFTWARE", "Apache/2.4.62 (Debian)"}};
        params.insert(params.end(), more.begin(), more.end());
        return served(std::move(name), params);
    };
    return {
        handler("apache handler", "proxy:fcgi://localhost:8000{root}/app.php", "/app.php", ""),
        handler("apache handler with info", "proxy:fcgi://localhost:8000{root}/app.php", "/app.php",
                "/a b/c"),
        handler("apache handler, rewritten", "proxy:fcgi://localhost{root}/app.php", "/app.php", "",
                {{"REDIRECT_URL", "/pretty"}, {"REDIRECT_STATUS", "200"}, {"REQUEST_URI", "/pretty?x=y"}}),
        handler("apache handler, rewritten with info", "proxy:fcgi://localhost{root}/app.php", "/app.php",
                "/i", {{"REDIRECT_URL", "/pretty/i"}, {"REDIRECT_STATUS", "200"}}),
        handler("apache handler, error document", "proxy:fcgi://localhost{root}/app.php", "/app.php", "",
                {{"REDIRECT_URL", "/none"}, {"REDIRECT_STATUS", "404"}, {"REDIRECT_REQUEST_METHOD", "GET"}}),
        handler("apache handler in a user's folder", "proxy:fcgi://localhost{root}/sub/app.php",
                "/~u/app.php", "", {{"CONTEXT_PREFIX", "/~u"}, {"CONTEXT_DOCUMENT_ROOT", "{root}/sub"}}),
        pass("apache pass", "proxy:fcgi://127.0.0.1:9000{root}/app.php", "/app.php"),
        pass("apache pass with info", "proxy:fcgi://127.0.0.1:9000{root}/app.php/x", "/app.php/x"),
        pass("apache pass, two slashes", "proxy:fcgi://127.0.0.1:9000/{root}/app.php", "/app.php"),
        pass("apache pass, encoded", "proxy:fcgi://127.0.0.1:9000{root}/app.php/%41+%2f", "/app.php/A+/"),
        pass("apache pass, encoded script", "proxy:fcgi://127.0.0.1:9000{root}/a%70p.php", "/app.php"),
        pass("apache pass, query", "proxy:fcgi://127.0.0.1:9000{root}/app.php?a=/b.php", "/app.php",
             {{"QUERY_STRING", "a=/b.php"}}),
        pass("apache pass, query and info", "proxy:fcgi://127.0.0.1:9000{root}/app.php/i?a=b", "/app.php/i",
             {{"QUERY_STRING", "a=b"}}),
        pass("apache pass, ipv6", "proxy:fcgi://[::1]:9000{root}/app.php", "/app.php"),
        pass("apache pass, no path", "proxy:fcgi://127.0.0.1:9000", "/app.php"),
        pass("apache pass, no host", "proxy:fcgi://{root}/app.php", "/app.php"),
        pass("apache pass, capitals", "PROXY:FCGI://h{root}/app.php", "/app.php"),
        pass("apache pass of a socket", "proxy:unix:/run/s.sock|fcgi://h{root}/app.php", "/app.php"),
        pass("apache balancer with info", "proxy:balancer://group{root}/app.php/x", "/app.php/x"),
        pass("apache pass of nothing", "proxy:fcgi://127.0.0.1:9000{root}/none.php/x", "/none.php/x"),
        pass("apache pass, info and more info", "proxy:fcgi://h{root}/app.php/x", "/app.php/x",
             {{"PATH_INFO", "/x"}, {"PATH_TRANSLATED", "{root}/x"}}),
        pass("apache pass, redirected", "proxy:fcgi://h{root}/app.php/x", "/app.php/x",
             {{"REDIRECT_URL", "/x"}}),
    };
}

std::vector<Case> others() {
    return {
        served("caddy", {{"SCRIPT_FILENAME", "{root}/app.php"},
                         {"SCRIPT_NAME", "/app.php"},
                         {"PATH_INFO", "/x"},
                         {"PATH_TRANSLATED", "{root}/x"},
                         {"REQUEST_URI", "/app.php/x"},
                         {"DOCUMENT_URI", "/app.php"},
                         {"FCGI_ROLE", "RESPONDER"},
                         {"GATEWAY_INTERFACE", "CGI/1.1"},
                         {"REMOTE_HOST", "192.0.2.7"},
                         {"AUTH_TYPE", ""},
                         {"SERVER_SOFTWARE", "Caddy/v2.8.4"}}),
        served("caddy, no info", {{"PATH_INFO", ""}, {"REMOTE_IDENT", ""}, {"SSL_PROTOCOL", "TLSv1.3"}}),
        served("lighttpd", {{"SCRIPT_FILENAME", "{root}/app.php"},
                            {"SCRIPT_NAME", "/app.php"},
                            {"PATH_INFO", "/x"},
                            {"PATH_TRANSLATED", "{root}/x"},
                            {"REDIRECT_URI", "/app.php/x"},
                            {"REDIRECT_STATUS", "200"},
                            {"SERVER_SOFTWARE", "lighttpd/1.4.69"}}),
        served("lighttpd, broken script name", {{"SCRIPT_FILENAME", "{root}/app.php"},
                                                {"SCRIPT_NAME", ""},
                                                {"PATH_INFO", "/app.php/x"},
                                                {"PATH_TRANSLATED", "{root}/app.php/x"}}),
        served("iis", {{"SCRIPT_FILENAME", "{root}/app.php"},
                       {"SCRIPT_NAME", "/app.php"},
                       {"PATH_INFO", "/app.php/x"},
                       {"PATH_TRANSLATED", "{root}/app.php/x"},
                       {"SERVER_SOFTWARE", "Microsoft-IIS/10.0"}}),
        served("iis, no info", {{"PATH_INFO", "/app.php"},
                                {"PATH_TRANSLATED", "{root}/app.php"},
                                {"SERVER_SOFTWARE", "Microsoft-IIS/10.0"}}),
        served("a client by hand", {{"SCRIPT_FILENAME", "{root}/app.php"},
                                    {"SCRIPT_NAME", std::nullopt},
                                    {"DOCUMENT_ROOT", std::nullopt},
                                    {"REQUEST_URI", std::nullopt},
                                    {"QUERY_STRING", std::nullopt}}),
        served("no document root", {{"DOCUMENT_ROOT", std::nullopt}}),
        served("a cgi action with info", {{"SCRIPT_FILENAME", "{root}/fcgi.handler"},
                                          {"SCRIPT_NAME", "/fcgi.handler"},
                                          {"PATH_TRANSLATED", "{root}/app.php/x"},
                                          {"REDIRECT_URL", "/app.php/x"}}),
        served("a cgi action with its path only", {{"SCRIPT_FILENAME", "{root}/fcgi.handler"},
                                                   {"SCRIPT_NAME", std::nullopt},
                                                   {"PATH_INFO", "/x"},
                                                   {"PATH_TRANSLATED", "{root}/app.php/x"},
                                                   {"REDIRECT_URL", "/app.php"}}),
        served("a cgi action", {{"SCRIPT_FILENAME", "{root}/fcgi.handler"},
                                {"SCRIPT_NAME", "/fcgi.handler"},
                                {"PATH_INFO", "/app.php"},
                                {"PATH_TRANSLATED", "{root}/app.php"},
                                {"REDIRECT_URL", "/app.php"},
                                {"REDIRECT_STATUS", "200"}}),
    };
}

std::vector<Case> all() {
    std::vector<Case> cases = nginx();
    for (auto more : {apache(), others()}) cases.insert(cases.end(), more.begin(), more.end());
    return cases;
}

Group group(std::vector<std::pair<std::string, std::string>> pool) {
    return {.pool = std::move(pool),
            .scripts = {{"app.php", kShow}, {"sub/app.php", kShow}, {"other/app.php", kShow}},
            .cases = all()};
}

TEST(WebServers, WithFixUp) {
    compare(group({}));
}

TEST(WebServers, WithoutFixUp) {
    compare(group({{"php_admin_value[cgi.fix_pathinfo]", "0"}}));
}

/// Scripts are then looked for below a folder of PHP's own, whatever SCRIPT_FILENAME says.
Group with_document_root(std::vector<std::pair<std::string, std::string>> pool) {
    Group rooted = group(std::move(pool));
    rooted.pool.emplace_back("php_admin_value[doc_root]", "{root}/other");
    rooted.cases.push_back({"the folder", "<?php", "", "GET", {{"SCRIPT_NAME", "/where.php"}}});
    rooted.scripts.emplace_back("other/where.php", "<?php echo getcwd();");
    rooted.masks.push_back({" at FOLDER get", " at [^ ]+ get"});
    // php-fpm takes the reason from whatever call failed last.
    rooted.masks.push_back({"(REASON)", "\\((Success|No such file or directory)\\)"});
    rooted.log = Log::Ignore;  // the refused request's
    return rooted;
}

TEST(WebServers, WithADocumentRootOfPhp) {
    compare(with_document_root({}));
}

TEST(WebServers, WithoutFixUpInADocumentRootOfPhp) {
    compare(with_document_root({{"php_admin_value[cgi.fix_pathinfo]", "0"}}));
}

TEST(WebServers, WithFoldersOfUsers) {
    Group users = group({{"php_admin_value[user_dir]", "public"}});
    users.cases = {
        served("a user's page",
               {{"SCRIPT_FILENAME", "{root}/~www-data/app.php"}, {"SCRIPT_NAME", "/~www-data/app.php"}}),
        served("nobody's page", {{"SCRIPT_FILENAME", "{root}/app.php"}, {"SCRIPT_NAME", "/~none-x/app.php"}}),
        served("one in its info", {{"PATH_INFO", "/~www-data/app.php"}}), served("another's", {})};
    compare(users);
}

}  // namespace
}  // namespace phalanx::compat
