#include "harness/haproxy.hpp"

#include "compat/web_servers/visit.hpp"

namespace phalanx::compat {
namespace {

void compare_behind_haproxy(Upstream upstream, const std::string& options) {
    if (!harness::Haproxy::installed()) GTEST_SKIP() << "Debian's package haproxy is not installed";
    compare_visits(
        [&options](const harness::Address& php, const std::filesystem::path& root) {
            return std::make_unique<harness::Haproxy>(php, root, options);
        },
        upstream);
}

TEST(Haproxy, OnAUnixSocket) {
    compare_behind_haproxy(Upstream::UnixSocket, "");
}

TEST(Haproxy, OnAPort) {
    compare_behind_haproxy(Upstream::Tcp, "");
}

TEST(Haproxy, WithKeptConnections) {
    compare_behind_haproxy(Upstream::UnixSocket, "  option keep-conn\n");
}

/// It asks whether requests may be mixed on a connection, and takes the answer's word.
TEST(Haproxy, WithQuestionsAboutTheServer) {
    compare_behind_haproxy(Upstream::UnixSocket,
                           "  option keep-conn\n  option get-values\n  option mpxs-conns\n");
}

}  // namespace
}  // namespace phalanx::compat
