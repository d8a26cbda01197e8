#include "compat/applications/wiki_visit.hpp"

#include <gmock/gmock.h>

#include <ctime>

#include "harness/html.hpp"
#include "harness/png.hpp"

namespace phalanx::compat {
namespace {

using harness::FormFields;
using harness::HttpAnswer;
using harness::HttpRequest;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPage = "/doku.php/birds:heron";
constexpr const char* kText =
    "====== The grey heron ======\n\nIt **stands** still((for hours)) & waits: \"ümläut\" <not a tag>.\n\n"
    "===== Where =====\n\n  * ponds\n  * [[birds:stork|neighbours]] and "
    "[[https://example.org/?a=1&b=2|more]]\n\n"
    "^ month ^ seen ^\n| May | 3 |\n\n<code php>\n<?php echo 'heron', PHP_EOL;\n</code>\n\n"
    "{{:birds:pattern.png?120|a pattern}}\n";
constexpr const char* kRareWord = "unmistakable";

/// DokuWiki names and sorts what was changed by the second.
void wait_for_the_next_second() {
    const std::time_t now = std::time(nullptr);
    EXPECT_TRUE(harness::eventually(harness::kPatience, [&] { return std::time(nullptr) > now; }));
}

}  // namespace

WikiVisit::WikiVisit(const harness::DaemonProgram& program, const DokuWiki& wiki)
    : picture_(harness::make_png(300, 200)), site_(program, wiki.root()) {
    wiki.prepare(site_);
    site_.start_options().arguments.clear();  // PHP is set up as Debian does it, with opcache
    site_.pool()
        .set("catch_workers_output", "yes")
        .set("php_admin_value[error_log]", (site_.files().open_folder("logs") / "php.log").string());
    site_.start();
    nginx_ = std::make_unique<harness::Nginx>(site_.address(), wiki.root(), harness::UpstreamUse::Short, "",
                                              harness::Files::Served);
    browser_ = std::make_unique<harness::Browser>(nginx_->address());
}

void WikiVisit::look_around() {
    const HttpAnswer front = get("the front page", "/");
    EXPECT_THAT(follow("the first page", front).body, HasSubstr("This topic does not exist yet"));
    EXPECT_THAT(get("the style", "/lib/exe/css.php?t=dokuwiki").body, HasSubstr(".dokuwiki"));
    EXPECT_THAT(get("the scripts", "/lib/exe/js.php?t=dokuwiki").body, HasSubstr("jQuery"));
    EXPECT_THAT(get("jQuery", "/lib/exe/jquery.php").body, HasSubstr("jQuery"));
    EXPECT_EQ(get("a file of nginx's", "/lib/images/license/button/cc-by.png").status, 200);
    EXPECT_EQ(get("no such script", "/lib/exe/missing.php").status, 404);
    EXPECT_EQ(get("no such picture", "/lib/exe/fetch.php/birds:missing.png").status, 404);
    EXPECT_THAT(get("not without a password", std::string(kPage) + "?do=edit").body,
                HasSubstr("Permission Denied"));
    EXPECT_THAT(get("the engine", "/engine.php").body, "fpm-fcgi, opcache: yes");
}

void WikiVisit::log_in() {
    const HttpAnswer form = get("the login form", "/doku.php/start?do=login");
    const auto try_password = [&](std::string_view name, const char* password) {
        return submit(name, form, "dw__login", "/doku.php/start",
                      {{"u", DokuWiki::kUser}, {"p", password}, {"r", "1"}});
    };
    EXPECT_EQ(try_password("a wrong password", "open sesame").status, 403);
    const HttpAnswer entered = try_password("the right password", DokuWiki::kPassword);
    EXPECT_THAT(follow("logged in", entered).body, HasSubstr(DokuWiki::kUserFullName));
    EXPECT_THAT(get("logged in by the cookie", "/doku.php/start").body, HasSubstr(DokuWiki::kUserFullName));
}

void WikiVisit::write_a_page() {
    HttpAnswer editor = get("an editor for a new page", std::string(kPage) + "?do=edit");
    HttpAnswer saved = submit("the new page saved", editor, "dw__editform", kPage,
                              {{"wikitext", kText}, {"summary", "first words"}, {"do[save]", "Save"}});
    EXPECT_EQ(saved.status, 302);
    EXPECT_THAT(follow("the new page", saved).body, HasSubstr("The grey heron"));

    const std::string longer = std::string(kText) + "\nIts call is " + kRareWord + ".\n";
    editor = get("an editor for the page", std::string(kPage) + "?do=edit");
    EXPECT_THAT(
        submit("a preview", editor, "dw__editform", kPage, {{"wikitext", longer}, {"do[preview]", "Preview"}})
            .body,
        HasSubstr(kRareWord));
    wait_for_the_next_second();
    saved = submit("the page saved again", editor, "dw__editform", kPage,
                   {{"wikitext", longer}, {"summary", "its call"}, {"do[save]", "Save"}});
    EXPECT_EQ(saved.status, 302);
    EXPECT_THAT(follow("the changed page", saved).body, HasSubstr(kRareWord));
}

void WikiVisit::upload_a_picture() {
    wait_for_the_next_second();
    const HttpAnswer manager = get("the media manager", "/lib/exe/mediamanager.php?ns=birds");
    FormFields fields = harness::hidden_fields(manager.body, "dw__upload");
    EXPECT_FALSE(fields.empty());
    fields.emplace_back("mediaid", "pattern.png");
    const HttpAnswer uploaded = send(
        "the picture uploaded", harness::form_post("/lib/exe/mediamanager.php?ns=birds", fields,
                                                   {"upload", "some picture.png", "image/png", picture_}));
    EXPECT_THAT(uploaded.body, HasSubstr("Upload successful"));
    const HttpAnswer again =
        send("uploaded again", harness::form_post("/lib/exe/mediamanager.php?ns=birds", fields,
                                                  {"upload", "some picture.png", "image/png", picture_}));
    EXPECT_THAT(again.body, HasSubstr("already exists"));
    EXPECT_THAT(
        get("the picture's page", "/doku.php/birds:heron?do=media&ns=birds&image=birds:pattern.png").body,
        HasSubstr("pattern.png"));
}

void WikiVisit::read_the_page() {
    const HttpAnswer page = get("the page with its picture", kPage);
    EXPECT_THAT(page.body, HasSubstr("&lt;not a tag&gt;"));
    const std::string thumbnail = harness::attribute_with(page.body, "src", "pattern.png");
    EXPECT_THAT(get("the thumbnail", thumbnail).head, HasSubstr("image/png"));
    const HttpAnswer whole = get("the picture", "/lib/exe/fetch.php/birds:pattern.png");
    EXPECT_TRUE(whole.body == picture_) << whole.head;
    HttpRequest known{.target = "/lib/exe/fetch.php/birds:pattern.png"};
    known.headers = {{"If-None-Match", whole.header("ETag").value_or("")},
                     {"If-Modified-Since", whole.header("Last-Modified").value_or("")}};
    EXPECT_EQ(send("the picture, known", known).status, 304);
    HttpRequest piece{.target = "/lib/exe/fetch.php/birds:pattern.png",
                      .headers = {{"Range", "bytes=100-299"}}};
    EXPECT_EQ(send("a piece of the picture", piece).body, picture_.substr(100, 200));
    EXPECT_EQ(send("the head of the page", {.method = "HEAD", .target = kPage}).body, "");
    EXPECT_THAT(get("the page's source", std::string(kPage) + "?do=export_raw").body, HasSubstr(kRareWord));
    EXPECT_THAT(get("its revisions", std::string(kPage) + "?do=revisions").body, HasSubstr("first words"));
    EXPECT_THAT(get("what changed", std::string(kPage) + "?do=diff").body, HasSubstr("diff-addedline"));
    EXPECT_THAT(get("recent changes", "/doku.php/start?do=recent").body, HasSubstr("birds:heron"));
    EXPECT_THAT(get("the feed", "/feed.php").body, HasSubstr("birds:heron"));
    EXPECT_THAT(get("the index", "/doku.php/start?do=index&idx=birds").body, HasSubstr("birds:heron"));
}

void WikiVisit::search() {
    EXPECT_EQ(get("the indexer's picture", "/lib/exe/taskrunner.php?id=birds:heron").status, 200);
    // The indexer goes on after its picture was sent.
    const auto indexed = site_.files() / "pages/meta/birds/heron.indexed";
    EXPECT_TRUE(harness::eventually(harness::kPatience, [&] { return std::filesystem::exists(indexed); }));
    EXPECT_THAT(get("a search", std::string("/doku.php/start?do=search&q=") + kRareWord).body,
                HasSubstr("<strong class=\"search_hit\">unmistakable</strong>"));
    EXPECT_THAT(get("a search for nothing", "/doku.php/start?do=search&q=penguin").body,
                HasSubstr("Nothing was found"));
    const HttpRequest suggestions =
        harness::form_post("/lib/exe/ajax.php", {{"call", "qsearch"}, {"q", "her"}});
    EXPECT_THAT(send("suggestions", suggestions).body, HasSubstr("birds:heron"));
}

void WikiVisit::administer() {
    EXPECT_THAT(get("administration", "/doku.php/start?do=admin").body, HasSubstr("User Manager"));
    EXPECT_THAT(get("the users", "/doku.php/start?do=admin&page=usermanager").body,
                HasSubstr("robin@localhost"));
    EXPECT_THAT(get("the settings", "/doku.php/start?do=admin&page=config").body, HasSubstr("userewrite"));
    EXPECT_THAT(get("the rights", "/doku.php/start?do=admin&page=acl").body, HasSubstr("@user"));
}

void WikiVisit::log_out() {
    const HttpAnswer page = get("before leaving", kPage);
    const HttpAnswer left = get("logged out", harness::attribute_with(page.body, "href", "do=logout"));
    EXPECT_EQ(left.status, 302);
    EXPECT_THAT(follow("after leaving", left).body, Not(HasSubstr(DokuWiki::kUserFullName)));
}

HttpAnswer WikiVisit::get(std::string_view name, std::string_view target) {
    return keep(name, browser_->get(target));
}

HttpAnswer WikiVisit::send(std::string_view name, HttpRequest request) {
    return keep(name, browser_->send(std::move(request)));
}

HttpAnswer WikiVisit::submit(std::string_view name, const HttpAnswer& page, std::string_view form,
                             std::string_view target, const FormFields& more) {
    FormFields fields = harness::hidden_fields(page.body, form);
    EXPECT_FALSE(fields.empty()) << name << ": no form " << form << " in\n" << page.body;
    fields.insert(fields.end(), more.begin(), more.end());
    return send(name, harness::form_post(target, fields));
}

HttpAnswer WikiVisit::follow(std::string_view name, const HttpAnswer& redirect) {
    return keep(name, browser_->follow(redirect));
}

HttpAnswer WikiVisit::keep(std::string_view name, HttpAnswer answer) {
    EXPECT_NE(answer.status, 0) << name << ": no whole answer";
    steps_.push_back({std::string(name), answer});
    return answer;
}

}  // namespace phalanx::compat
