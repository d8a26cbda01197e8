#include "harness/nginx.hpp"

#include "compat/web_servers/visit.hpp"

namespace phalanx::compat {
namespace {

using harness::Files;
using harness::UpstreamUse;

void compare_behind_nginx(UpstreamUse use, Files files, Upstream upstream) {
    if (!harness::Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    compare_visits(
        [=](const harness::Address& php, const std::filesystem::path& root) {
            return std::make_unique<harness::Nginx>(php, root, use, "", files);
        },
        upstream);
}

TEST(Nginx, WithDebiansSnippet) {
    compare_behind_nginx(UpstreamUse::Short, Files::DebianSnippet, Upstream::UnixSocket);
}

TEST(Nginx, WithDebiansSnippetAndKeptConnections) {
    compare_behind_nginx(UpstreamUse::Kept, Files::DebianSnippet, Upstream::Tcp);
}

TEST(Nginx, WithFastcgiParams) {
    compare_behind_nginx(UpstreamUse::Short, Files::Served, Upstream::UnixSocket);
}

TEST(Nginx, WithEverythingForPhp) {
    compare_behind_nginx(UpstreamUse::Kept, Files::ToPhp, Upstream::UnixSocket);
}

}  // namespace
}  // namespace phalanx::compat
