#include "phalanx/os/socket_acl.hpp"

#include <fmt/format.h>
#include <sys/acl.h>

namespace phalanx::os {
namespace {

using base::system_error;

/// One acl_t; libacl may move its memory when entries are added.
class Acl {
  public:
    explicit Acl(acl_t acl) : acl_(acl) {}
    ~Acl() {
        if (acl_ != nullptr) ::acl_free(acl_);
    }
    Acl(const Acl&) = delete;
    Acl& operator=(const Acl&) = delete;
    explicit operator bool() const { return acl_ != nullptr; }

    [[nodiscard]] bool add(acl_tag_t tag, const void* id) {
        acl_entry_t entry = nullptr;
        acl_permset_t permissions = nullptr;
        return ::acl_create_entry(&acl_, &entry) == 0 && ::acl_set_tag_type(entry, tag) == 0 &&
               ::acl_set_qualifier(entry, id) == 0 && ::acl_get_permset(entry, &permissions) == 0 &&
               ::acl_clear_perms(permissions) == 0 && ::acl_add_perm(permissions, ACL_READ) == 0 &&
               ::acl_add_perm(permissions, ACL_WRITE) == 0 && ::acl_set_permset(entry, permissions) == 0;
    }
    [[nodiscard]] bool write_to(const std::string& path) {
        return ::acl_calc_mask(&acl_) == 0 && ::acl_valid(acl_) == 0 &&
               ::acl_set_file(path.c_str(), ACL_TYPE_ACCESS, acl_) == 0;
    }

  private:
    acl_t acl_;
};

}  // namespace

base::Result<void> grant_socket_access(int file, const std::string& path, const AccessList& list) {
    const std::string link = fmt::format("/proc/self/fd/{}", file);
    Acl acl(::acl_get_file(link.c_str(), ACL_TYPE_ACCESS));
    if (!acl) return system_error(fmt::format("failed to read the ACL of the socket '{}'", path));
    bool good = true;
    for (const uid_t user : list.users) good = good && acl.add(ACL_USER, &user);
    for (const gid_t group : list.groups) good = good && acl.add(ACL_GROUP, &group);
    if (!good || !acl.write_to(link))
        return system_error(fmt::format("failed to write the ACL of the socket '{}'", path));
    return {};
}

}  // namespace phalanx::os
