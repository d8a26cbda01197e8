#include "harness/lighttpd.hpp"

#include "compat/web_servers/visit.hpp"

namespace phalanx::compat {
namespace {

void compare_behind_lighttpd(Upstream upstream) {
    if (!harness::Lighttpd::installed()) GTEST_SKIP() << "Debian's package lighttpd is not installed";
    compare_visits(
        [](const harness::Address& php, const std::filesystem::path& root) {
            return std::make_unique<harness::Lighttpd>(php, root);
        },
        upstream);
}

TEST(Lighttpd, OnAUnixSocket) {
    compare_behind_lighttpd(Upstream::UnixSocket);
}

TEST(Lighttpd, OnAPort) {
    compare_behind_lighttpd(Upstream::Tcp);
}

}  // namespace
}  // namespace phalanx::compat
