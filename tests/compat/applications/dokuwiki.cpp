#include "compat/applications/dokuwiki.hpp"

#include <string_view>

namespace phalanx::compat {
namespace {

namespace fs = std::filesystem;

const fs::path kCode = "/usr/share/dokuwiki";
/// What comes with the package; others that an administrator may have added stay where they are.
constexpr const char* kPlugins[] = {"acl",          "authplain", "config",     "extension",
                                    "info",         "logviewer", "popularity", "revert",
                                    "safefnrecode", "styling",   "usermanager"};
const fs::path kSettings = "/etc/dokuwiki";
constexpr const char* kSettingsFiles[] = {
    "dokuwiki.php",  "acronyms.conf",  "entities.conf",       "interwiki.conf", "license.php",
    "manifest.json", "mediameta.php",  "mime.conf",           "plugins.php",    "scheme.conf",
    "smileys.conf",  "wordblock.conf", "plugins.required.php"};

/// Debian's own reads /etc and /var/lib. Where a site's pages are, its pool tells.
constexpr const char* kPreload = "<?php define('DOKU_CONF', dirname(__DIR__) . '/conf/');";
/// Addresses of pages are doku.php/page, so that PATH_INFO is in use.
constexpr const char* kLocalSettings =
    "<?php $conf['title'] = 'The wiki'; $conf['useacl'] = 1; $conf['superuser'] = '@admin';\n"
    "$conf['userewrite'] = 2; $conf['im_convert'] = ''; $conf['savedir'] = getenv('WIKI_PAGES');";
constexpr const char* kAccess = "# <?php exit()?>\n* @ALL 1\n* @user 16\n";
/// With kPassword's hash by bcrypt, at its lowest cost.
constexpr const char* kUsers =
    "# <?php exit()?>\n"
    "robin:$2y$04$gxU406c5Dcql0FYhXumFNeNAMMhH6fa6Dc2aQsfkYBfKsYd0d7yjS:Robin the Writer:robin@localhost:"
    "admin,user\n";

/// No part of the wiki: tells what PHP it runs on.
constexpr const char* kEngine =
    "<?php echo PHP_SAPI, ', opcache: ', opcache_get_status(false)['opcache_enabled'] ? 'yes' : 'no';";

/// A folder with all it holds; of translations only the English ones.
void copy_tree(const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    for (const auto& entry : fs::directory_iterator(from)) {
        const fs::path target = to / entry.path().filename();
        if (!entry.is_directory()) {
            fs::copy_file(entry.path(), target);
        } else if (from.filename() != "lang" || entry.path().filename() == "en") {
            copy_tree(entry.path(), target);
        }
    }
}

}  // namespace

std::optional<std::string> DokuWiki::missing() {
    if (!fs::exists(kCode / "inc/init.php")) return "Debian's package dokuwiki is not installed";
    for (const auto& [module, file] : {std::pair("xml", "15-xml.ini"), std::pair("gd", "20-gd.ini")}) {
        if (!fs::exists(fs::path("/etc/php/8.2/fpm/conf.d") / file)) {
            return "Debian's package php8.2-" + std::string(module) + " is not installed";
        }
    }
    return std::nullopt;
}

DokuWiki::DokuWiki() {
    fs::create_directories(root() / "lib/plugins");
    for (const char* folder : {"inc", "vendor", "lib/exe", "lib/images", "lib/scripts", "lib/styles"}) {
        copy_tree(kCode / folder, root() / folder);
    }
    copy_tree(kCode / "lib/tpl/dokuwiki", root() / "lib/tpl/dokuwiki");
    for (const char* plugin : kPlugins) {
        copy_tree(kCode / "lib/plugins" / plugin, root() / "lib/plugins" / plugin);
    }
    for (const char* base : {"action.php", "admin.php", "auth.php", "cli.php", "remote.php", "syntax.php"}) {
        fs::copy_file(kCode / "lib/plugins" / base, root() / "lib/plugins" / base);
    }
    for (const char* script : {"doku.php", "feed.php", "index.php", "VERSION"}) {
        fs::copy_file(kCode / script, root() / script);
    }
    fs::create_directories(root() / "conf");
    for (const char* file : kSettingsFiles) fs::copy_file(kSettings / file, root() / "conf" / file);
    files_.write("wiki/engine.php", kEngine);
    files_.write("wiki/inc/preload.php", kPreload);
    files_.write("wiki/conf/local.php", kLocalSettings);
    files_.write("wiki/conf/acl.auth.php", kAccess);
    files_.write("wiki/conf/users.auth.php", kUsers);
}

void DokuWiki::prepare(harness::Site& site) const {
    for (const char* folder : {"pages", "attic", "media", "media_attic", "media_meta", "meta", "cache",
                               "index", "locks", "tmp", "log"}) {
        site.files().open_folder("pages/" + std::string(folder));
    }
    site.files().open_folder("pages");
    site.pool()
        .set("env[WIKI_PAGES]", (site.files() / "pages").string())
        .set("php_value[session.save_path]", site.files().open_folder("sessions").string());
}

}  // namespace phalanx::compat
