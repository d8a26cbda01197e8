#include "phalanx/os/identity.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "os_test_support.hpp"

namespace phalanx::os {
namespace {

TEST(Identity, RootIsFoundByNameAndNumber) {
    const auto by_name = find_user("root");
    const auto by_number = find_user(uid_t{0});
    ASSERT_TRUE(by_name);
    ASSERT_TRUE(by_number);
    EXPECT_EQ(by_name->uid, 0U);
    EXPECT_EQ(by_name->home, "/root");
    EXPECT_EQ(by_number->name, "root");
    EXPECT_EQ(find_group("root"), gid_t{0});
}

TEST(Identity, AUsersNameBringsItsGroupsAndHome) {
    const auto entry = find_user("nobody");
    ASSERT_TRUE(entry);
    const auto identity = resolve_identity("nobody", "");
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->uid, entry->uid);
    EXPECT_EQ(identity->gid, entry->gid);
    EXPECT_EQ(identity->user, "nobody");
    EXPECT_EQ(identity->home, entry->home);
    EXPECT_NE(std::find(identity->groups.begin(), identity->groups.end(), entry->gid),
              identity->groups.end());
}

TEST(Identity, ANumberHasItsEntrysGroupOnly) {
    const auto entry = find_user("nobody");
    ASSERT_TRUE(entry);
    const auto identity = resolve_identity(std::to_string(entry->uid), "");
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->uid, entry->uid);
    EXPECT_EQ(identity->gid, entry->gid);
    EXPECT_EQ(identity->user, "");
    EXPECT_EQ(identity->groups, std::vector<gid_t>{entry->gid});
}

TEST(Identity, AGroupOfItsOwnTakesTheUsersPlace) {
    const auto by_name = resolve_identity("nobody", "root");
    ASSERT_TRUE(by_name);
    EXPECT_EQ(by_name->gid, 0U);
    const auto by_number = resolve_identity("12345", "6789");
    ASSERT_TRUE(by_number);
    EXPECT_EQ(by_number->uid, 12345U);
    EXPECT_EQ(by_number->gid, 6789U);
    EXPECT_EQ(by_number->groups, std::vector<gid_t>{6789});
    const auto entry = find_user("nobody");
    ASSERT_TRUE(entry);
    const auto of_known_number = resolve_identity(std::to_string(entry->uid), "6789");
    ASSERT_TRUE(of_known_number);
    EXPECT_EQ(of_known_number->groups, std::vector<gid_t>{6789});
}

TEST(Identity, WithoutAUserItIsTheCallers) {
    const auto identity = resolve_identity("", "");
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->uid, ::geteuid());
    EXPECT_EQ(identity->gid, ::getegid());
    EXPECT_EQ(current_identity().uid, ::geteuid());
}

TEST(Identity, UnknownNamesAreErrorsInPhpFpmsWords) {
    const auto user = resolve_identity("no-such-user", "");
    ASSERT_FALSE(user);
    EXPECT_EQ(user.error().text(), "cannot get uid for user 'no-such-user'");
    const auto group = resolve_identity("nobody", "no-such-group");
    ASSERT_FALSE(group);
    EXPECT_EQ(group.error().text(), "cannot get gid for group 'no-such-group'");
    EXPECT_FALSE(find_user("no-such-user"));
    EXPECT_FALSE(find_user(uid_t{4'000'000'001}));
    EXPECT_FALSE(find_group("no-such-group"));
}

TEST(Identity, IsTakenOnForGood) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(in_child([] {
                  Identity identity;
                  identity.uid = 12345;
                  identity.gid = 6789;
                  identity.groups = {6789, 777};
                  if (!become(identity)) return 1;
                  uid_t uid[3] = {};
                  gid_t gid[3] = {};
                  if (::getresuid(&uid[0], &uid[1], &uid[2]) != 0) return 2;
                  if (::getresgid(&gid[0], &gid[1], &gid[2]) != 0) return 3;
                  for (const uid_t id : uid) {
                      if (id != 12345) return 4;
                  }
                  for (const gid_t id : gid) {
                      if (id != 6789) return 5;
                  }
                  gid_t groups[8] = {};
                  const int count = ::getgroups(8, groups);
                  if (count != 2 || !std::is_permutation(groups, groups + 2, identity.groups.begin()))
                      return 6;
                  return ::setuid(0) == 0 || ::setgid(0) == 0 ? 7 : 0;
              }),
              0);
}

TEST(Identity, CannotBeTakenOnWithoutTheRight) {
    const auto try_as_nobody = [] {
        if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 1;
        Identity root;
        root.groups = {0};
        return become(root) ? 2 : 0;
    };
    EXPECT_EQ(in_child(try_as_nobody), 0);
}

}  // namespace
}  // namespace phalanx::os
