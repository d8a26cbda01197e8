#include "harness/caddy.hpp"

#include "compat/web_servers/visit.hpp"

namespace phalanx::compat {
namespace {

void compare_behind_caddy(Upstream upstream) {
    if (!harness::Caddy::installed()) GTEST_SKIP() << "Debian's package caddy is not installed";
    compare_visits(
        [](const harness::Address& php, const std::filesystem::path& root) {
            return std::make_unique<harness::Caddy>(php, root);
        },
        upstream);
}

TEST(Caddy, OnAUnixSocket) {
    compare_behind_caddy(Upstream::UnixSocket);
}

TEST(Caddy, OnAPort) {
    compare_behind_caddy(Upstream::Tcp);
}

}  // namespace
}  // namespace phalanx::compat
