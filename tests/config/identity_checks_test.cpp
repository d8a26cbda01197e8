#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_test_support.hpp"

namespace phalanx::config::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The user database knows www-data (33, 33), root (0, 0) and the groups staff (50) and root.
class Identities : public ::testing::Test {
  protected:
    Identities() {
        options_.identities.user = [](const std::string& name) -> std::optional<IdentityLookup::User> {
            if (name == "www-data") return IdentityLookup::User{33, 33};
            return name == "root" ? std::optional(IdentityLookup::User{}) : std::nullopt;
        };
        options_.identities.primary_group = [](uid_t uid) {
            return uid == 33 ? std::optional<gid_t>(33) : std::nullopt;
        };
        options_.identities.group = [](const std::string& name) -> std::optional<gid_t> {
            if (name == "staff") return 50;
            return name == "root" ? std::optional<gid_t>(0) : std::nullopt;
        };
    }

    std::vector<std::string> said(std::string_view lines) {
        options_.file = folder_.write("main.conf", std::string(sound_pool) + std::string(lines));
        return texts(load(options_));
    }

    TemporaryFolder folder_;
    LoadOptions options_ = plain_options({});
};

TEST_F(Identities, ATestLooksForUsersAndGroups) {
    EXPECT_THAT(said("group = staff\nlisten.owner = root\nlisten.group = root\n"), IsEmpty());
    EXPECT_THAT(said("user = 4242\ngroup = 4242\nlisten.owner = 4242\n"), IsEmpty());
    EXPECT_THAT(said("user = root\n"), IsEmpty());
    EXPECT_THAT(said("user = x\n"), ElementsAre("ERROR: [pool www] cannot get uid for user 'x'"));
    EXPECT_THAT(said("group = x\n"), ElementsAre("ERROR: [pool www] cannot get gid for group 'x'"));
    EXPECT_THAT(said("listen.owner = x\n"),
                ElementsAre("ERROR: [pool www] cannot get uid for user 'x': Success (0)"));
    EXPECT_THAT(said("listen.group = x\n"),
                ElementsAre("ERROR: [pool www] cannot get gid for group 'x': Success (0)"));
}

TEST_F(Identities, RootIsNoUserForWorkersAtTheStart) {
    options_.purpose = Purpose::start;
    const std::string refused = "ERROR: [pool www] please specify user and group other than root";
    EXPECT_THAT(said(""), IsEmpty());
    EXPECT_THAT(said("user = 33\n"), IsEmpty());
    EXPECT_THAT(said("user = 4242\ngroup = staff\n"), IsEmpty());
    EXPECT_THAT(said("user = root\n"), ElementsAre(refused));
    EXPECT_THAT(said("user = 0\ngroup = 33\n"), ElementsAre(refused));
    EXPECT_THAT(said("group = root\n"), ElementsAre(refused));
    EXPECT_THAT(said("user =\n"), ElementsAre(refused));
    EXPECT_THAT(said("user = 4242\n"), ElementsAre(refused)) << "no entry, so no group of its own";
    EXPECT_THAT(said("user = x\n"), ElementsAre("ERROR: [pool www] cannot get uid for user 'x'"));
    options_.allow_root = true;
    EXPECT_THAT(said("user = root\n"), IsEmpty());
}

TEST_F(Identities, WithoutRootTheDirectivesThatNeedItAreNamed) {
    options_.purpose = Purpose::start;
    options_.running_as_root = false;
    const auto ignored = [](std::string_view name) {
        return "'" + std::string(name) + "' directive is ignored when FPM is not running as root";
    };
    EXPECT_THAT(
        said("group = x\nchroot = /usr\nprocess.priority = 1\n[global]\nprocess.priority = 2\n"),
        ElementsAre("NOTICE: " + ignored("process.priority"), "NOTICE: [pool www] " + ignored("user"),
                    "NOTICE: [pool www] " + ignored("group"), "NOTICE: [pool www] " + ignored("chroot"),
                    "NOTICE: [pool www] " + ignored("process.priority")));
    options_.purpose = Purpose::test;
    EXPECT_THAT(said("process.priority = 1\n"), IsEmpty());
}

}  // namespace
}  // namespace phalanx::config::testing
