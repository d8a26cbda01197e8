#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compat/applications/dokuwiki.hpp"
#include "harness/browser.hpp"
#include "harness/http_form.hpp"
#include "harness/nginx.hpp"

namespace phalanx::compat {

/// A writer's visit to the wiki on one of the two programs, behind nginx. Every answer is kept by name, so
/// that two visits can be compared; each part also expects what must be there in any case.
class WikiVisit {
  public:
    struct Step {
        std::string name;
        harness::HttpAnswer answer;
    };

    WikiVisit(const harness::DaemonProgram& program, const DokuWiki& wiki);

    void look_around();
    void log_in();
    void write_a_page();
    void upload_a_picture();
    void read_the_page();
    void search();
    void administer();
    void log_out();

    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] harness::Site& site() { return site_; }
    [[nodiscard]] std::string php_log() const { return harness::read_file(site_.files() / "logs/php.log"); }
    [[nodiscard]] std::string nginx_log() const { return nginx_->error_log(); }

  private:
    harness::HttpAnswer get(std::string_view name, std::string_view target);
    harness::HttpAnswer send(std::string_view name, harness::HttpRequest request);
    /// Posts the hidden fields of a page's form, and these.
    harness::HttpAnswer submit(std::string_view name, const harness::HttpAnswer& page, std::string_view form,
                               std::string_view target, const harness::FormFields& more);
    harness::HttpAnswer follow(std::string_view name, const harness::HttpAnswer& redirect);
    harness::HttpAnswer keep(std::string_view name, harness::HttpAnswer answer);

    const std::string picture_;
    harness::Site site_;
    std::unique_ptr<harness::Nginx> nginx_;
    std::unique_ptr<harness::Browser> browser_;
    std::vector<Step> steps_;
};

}  // namespace phalanx::compat
