#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

const std::vector<Case> kRequests = {
    {"get", "<?php echo 'x';", "?a=1&b=2"},
    {"post", "<?php echo 'x';", "", "POST", {}, "name=value"},
    {"head", "<?php echo 'x';", "", "HEAD"},
    {"path info", "<?php echo 'x';", "/some/path?q"},
    {"an own status", "<?php http_response_code(503); header('X-Own: head er'); echo 'x';"},
    {"a user", "<?php echo 'x';", "", "GET", {{"HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"}}},
    {"missing", "", "/missing.php"},
    {"denied", "", "/missing.inc"},
    {"a fatal error", "<?php no_such_function();"},
    {"a status set too late",
     "<?php register_shutdown_function(function () { http_response_code(500); }); echo 'x';"},
    {"finished early", "<?php echo 'x'; fastcgi_finish_request(); http_response_code(500);"},
};

TEST(AccessLogFormat, ThatPhpFpmHasAtFirst) {
    compare({.cases = kRequests});
}

TEST(AccessLogFormat, WithEveryFieldThatDoesNotMeasure) {
    compare({.pool = {{"access.format",
                       "\"%% %{REQUEST_URI}e %{NONE}e %f %l %m %n %{X-Own}o %{X-Powered-By}o %q %Q %r %R %s "
                       "%{%Y}t %u\""},
                      {"php_flag[display_errors]", "on"}},
             .cases = kRequests});
}

TEST(AccessLogFormat, WithTheFieldsThatMeasure) {
    compare({.pool = {{"access.format",
                       "\"%d %{milli}d %{micro}d %M %{kilo}M %{mega}M %C %{user}C %{system}C %p %P %T\""}},
             .cases = {{"get", "<?php echo 'x';"}},
             // The fields of the line, from the duration to the process numbers; the time they end with is
             // always masked.
             .masks = {{"access log:\nFIELDS ", "access log:\n([0-9]+(\\.[0-9]+)? ){11}"}}});
}

TEST(AccessLogFormat, SuppressedPaths) {
    compare({.pool = {{"access.suppress_path[]", "/get.php"}},
             .scripts = {{"get.php", "<?php if (isset($_GET['fail'])) http_response_code(500); echo 'x';"},
                         {"other.php", "<?php echo 'x';"}},
             .cases = {{"suppressed", "", "/get.php"},
                       {"suppressed head", "", "/get.php", "HEAD"},
                       {"with a query", "", "/get.php?a"},
                       {"post", "", "/get.php", "POST", {}, "a=b"},
                       {"failing", "", "/get.php?fail"},
                       {"another path", "", "/other.php"}}});
}

}  // namespace
}  // namespace phalanx::compat
