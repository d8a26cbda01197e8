#include "harness/apache.hpp"

#include "compat/web_servers/visit.hpp"

namespace phalanx::compat {
namespace {

using harness::ApacheUse;

void compare_behind_apache(ApacheUse use, Upstream upstream) {
    if (!harness::Apache::installed()) GTEST_SKIP() << "Debian's package apache2-bin is not installed";
    compare_visits(
        [use](const harness::Address& php, const std::filesystem::path& root) {
            return std::make_unique<harness::Apache>(php, root, use);
        },
        upstream);
}

TEST(Apache, WithAHandlerOnAUnixSocket) {
    compare_behind_apache(ApacheUse::Handler, Upstream::UnixSocket);
}

TEST(Apache, WithAHandlerThatKeepsConnections) {
    compare_behind_apache(ApacheUse::KeptHandler, Upstream::UnixSocket);
}

TEST(Apache, WithProxyPassMatch) {
    compare_behind_apache(ApacheUse::PassMatch, Upstream::Tcp);
}

TEST(Apache, WithProxyPassMatchToAUnixSocket) {
    compare_behind_apache(ApacheUse::PassMatch, Upstream::UnixSocket);
}

TEST(Apache, WithARewriteRule) {
    compare_behind_apache(ApacheUse::Rewrite, Upstream::Tcp);
}

TEST(Apache, WithABalancer) {
    compare_behind_apache(ApacheUse::Balancer, Upstream::Tcp);
}

}  // namespace
}  // namespace phalanx::compat
