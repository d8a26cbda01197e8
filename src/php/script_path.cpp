#include "script_path.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "phalanx/base/parse.hpp"
#include "url_decode.hpp"

namespace phalanx::php {
namespace {

using fastcgi::Params;
using OptionalText = std::optional<std::string>;

OptionalText copy_of(const Params& params, std::string_view name) {
    const auto value = params.find(name);
    return value ? OptionalText(*value) : std::nullopt;
}

/// IIS repeats SCRIPT_NAME at the head of PATH_INFO.
void undo_iis_path_info(Params& params) {
    const auto software = params.find("SERVER_SOFTWARE");
    if (!software || !software->starts_with("Microsoft-IIS")) return;
    const OptionalText path_info = copy_of(params, "PATH_INFO"), script_name = copy_of(params, "SCRIPT_NAME");
    if (!path_info || !script_name || !path_info->starts_with(*script_name)) return;
    params.set("ORIG_PATH_INFO", *path_info);
    const std::string_view rest = std::string_view(*path_info).substr(script_name->size());
    if (rest.empty()) {
        params.erase("PATH_INFO");
    } else {
        params.set("PATH_INFO", rest);
    }
}

/// Takes mod_proxy_fcgi's and mod_proxy_balancer's "proxy:fcgi://host" and the query string off
/// SCRIPT_FILENAME. True: it was Apache's proxy, whose other variables then need the fix-up of their own.
bool undo_proxy_prefix(Params& params) {
    const auto name = params.find("SCRIPT_FILENAME");
    if (!name) return false;
    std::size_t begin = 0;
    for (const std::string_view prefix :
         {std::string_view("proxy:balancer://"), std::string_view("proxy:fcgi://")}) {
        if (base::equal_ignoring_case(name->substr(0, prefix.size()), prefix)) begin = prefix.size();
    }
    if (begin == 0) return false;
    const std::size_t slash = name->find('/', begin);
    const bool has_path = slash != std::string_view::npos;
    const std::string whole(has_path ? name->substr(slash) : *name);
    params.set("SCRIPT_FILENAME", std::string_view(whole).substr(0, whole.find('?')));
    return has_path;
}

/// One run of the fix-up where something may have to change. Holds copies of what arrived, because views
/// into the params do not outlive a change.
class Fixup {
  public:
    Fixup(Params& params, bool apache, const FileTest& files)
        : params_(params),
          files_(files),
          apache_(apache),
          old_file_(copy_of(params, "SCRIPT_FILENAME")),
          old_name_(copy_of(params, "SCRIPT_NAME")),
          old_info_(copy_of(params, "PATH_INFO")),
          old_translated_(copy_of(params, "PATH_TRANSLATED")),
          redirect_url_(copy_of(params, "REDIRECT_URL")),
          root_(copy_of(params, "DOCUMENT_ROOT")),
          path_(old_file_ ? *old_file_ : old_translated_.value_or("")),
          name_(old_name_),
          info_(old_info_) {}

    /// The request came by way of an Action: REDIRECT_URL is its name.
    [[nodiscard]] bool is_action() const { return name_is_redirect_url_; }
    [[nodiscard]] bool found_special() const { return found_special_; }

    /// False: no file of that name, not even after taking components off its end.
    bool run() {
        take_action_target();
        if (!path_.empty()) {
            const FileKind kind = path_.ends_with('/') ? FileKind::absent : files_.kind(path_.c_str());
            if (kind == FileKind::absent) return split_path_info();
            found_special_ = kind == FileKind::special;
        }
        keep_whole_path();
        return true;
    }

  private:
    void replace(std::string_view name, std::string_view original, const OptionalText& old,
                 std::string_view now) {
        if (old && *old == now) return;
        if (old) params_.set(original, *old);
        params_.set(name, now);
    }

    /// mod_fastcgi's Action: SCRIPT_FILENAME and SCRIPT_NAME name the PHP program, PATH_TRANSLATED the
    /// script.
    void take_action_target() {
        if (apache_ || !redirect_url_ || !old_translated_ || *old_translated_ == path_) return;
        path_ = *old_translated_;
        name_ = redirect_url_;
        name_is_redirect_url_ = true;
    }

    void keep_whole_path() {
        replace("SCRIPT_FILENAME", "ORIG_SCRIPT_FILENAME", old_file_, path_);
        if (!apache_ && redirect_url_) {
            if (old_info_) {
                params_.set("ORIG_PATH_INFO", *old_info_);
                params_.erase("PATH_INFO");
            }
            if (old_translated_) {
                params_.set("ORIG_PATH_TRANSLATED", *old_translated_);
                params_.erase("PATH_TRANSLATED");
            }
        }
        if (!name_is_redirect_url_) return;
        if (old_name_) params_.set("ORIG_SCRIPT_NAME", *old_name_);
        params_.set("SCRIPT_NAME", *redirect_url_);
    }

    bool split_path_info() {
        const std::string whole = path_;
        std::size_t end = std::min(whole.size(), longest_script_path + 1);
        do {
            end = end == 0 ? std::string::npos : whole.rfind('/', end - 1);
            if (end == std::string::npos) {
                if (old_file_) params_.set("ORIG_SCRIPT_FILENAME", *old_file_);
                params_.erase("SCRIPT_FILENAME");
                return false;
            }
            path_.resize(end);
        } while (files_.kind(path_.c_str()) != FileKind::regular);
        const std::string_view extra = std::string_view(whole).substr(path_.size());
        if (apache_) {
            take_info_from_path(extra);
        } else {
            take_info_from_path_info(extra.size());
        }
        replace("SCRIPT_FILENAME", "ORIG_SCRIPT_FILENAME", old_file_, path_);
        translate();
        if (name_is_redirect_url_ && info_ == old_info_)
            replace("SCRIPT_NAME", "ORIG_SCRIPT_NAME", old_name_, *redirect_url_);
        return true;
    }

    /// Apache's proxy modules know the extra path only as the end of SCRIPT_FILENAME and of SCRIPT_NAME.
    void take_info_from_path(std::string_view extra) {
        if (old_info_ && *old_info_ == extra) return;
        if (old_info_) {
            params_.set("ORIG_PATH_INFO", *old_info_);
            replace("SCRIPT_NAME", "ORIG_SCRIPT_NAME", old_name_, *old_info_);
        } else if (old_name_) {
            drop_from_script_name(extra);
        }
        params_.set("PATH_INFO", extra);
        info_ = std::string(extra);
    }

    void drop_from_script_name(std::string_view extra) {
        const std::string decoded = url_decode(extra);
        for (const std::string_view tail : {extra, std::string_view(decoded)}) {
            if (tail.size() >= old_name_->size() || !old_name_->ends_with(tail)) continue;
            name_ = old_name_->substr(0, old_name_->size() - tail.size());
            replace("SCRIPT_NAME", "ORIG_SCRIPT_NAME", old_name_, *name_);
            return;
        }
    }

    /// Other servers may give the whole of the URL's path as PATH_INFO. Only an extra path shorter than it is
    /// taken from its end: counting back from anything else would leave its text (CVE-2019-11043).
    void take_info_from_path_info(std::size_t extra_length) {
        if (!old_info_ || extra_length == 0 || extra_length >= old_info_->size()) return;
        const std::size_t split = old_info_->size() - extra_length;
        params_.set("ORIG_PATH_INFO", *old_info_);
        replace("SCRIPT_NAME", "ORIG_SCRIPT_NAME", old_name_, std::string_view(*old_info_).substr(0, split));
        info_ = old_info_->substr(split);
        params_.set("PATH_INFO", *info_);
    }

    /// PATH_TRANSLATED: the extra path below the document root.
    void translate() {
        std::string translated;
        if (root_) {
            translated = root_->ends_with('/') ? root_->substr(0, root_->size() - 1) : *root_;
        } else if (name_ && path_.find(*name_) != std::string::npos) {
            translated = path_.substr(0, path_.size() - name_->size());
        } else {
            return;
        }
        translated += info_.value_or("");
        if (old_translated_) params_.set("ORIG_PATH_TRANSLATED", *old_translated_);
        params_.set("PATH_TRANSLATED", translated);
    }

    Params& params_;
    const FileTest& files_;
    const bool apache_;
    const OptionalText old_file_, old_name_, old_info_, old_translated_, redirect_url_, root_;
    std::string path_;   ///< the script's path as far as it is known
    OptionalText name_;  ///< the SCRIPT_NAME that the path stands for
    OptionalText info_;  ///< PATH_INFO as it will be
    bool name_is_redirect_url_ = false;
    bool found_special_ = false;
};

ScriptLocation locate_plainly(const Params& params, const FixupRules& rules, const FileTest& files) {
    const auto file = params.find("SCRIPT_FILENAME"), translated = params.find("PATH_TRANSLATED");
    const auto info = params.find("PATH_INFO");
    ScriptLocation found{.named = true, .script_path = file ? file : translated};
    if (translated && !rules.discard_path) found.script_path = translated;
    found.special = files.kind(found.script_path->data()) == FileKind::special;
    found.request_uri = info ? *info : params.find("SCRIPT_NAME").value_or(std::string_view());
    return found;
}

}  // namespace

ScriptLocation fix_environment(Params& params, const FixupRules& rules, const FileTest& files) {
    if (!params.find("SCRIPT_FILENAME") && !params.find("PATH_TRANSLATED")) return {};
    undo_iis_path_info(params);
    const bool apache = undo_proxy_prefix(params);
    if (!rules.fix_pathinfo) return locate_plainly(params, rules, files);
    if (!rules.doc_root.empty() && !params.find("DOCUMENT_ROOT")) params.set("DOCUMENT_ROOT", rules.doc_root);

    bool found = true;
    bool by_action = false;
    FileKind kind = FileKind::absent;
    const auto file = params.find("SCRIPT_FILENAME");
    const bool plain = file && !file->empty() && !file->ends_with('/') && !params.find("REDIRECT_URL");
    if (plain) kind = files.kind(file->data());
    if (kind == FileKind::absent) {
        Fixup fixup(params, apache, files);
        found = fixup.run();
        if (fixup.found_special()) kind = FileKind::special;
        // What an Action asked for keeps its name in the log though nothing was found.
        by_action = !found && fixup.is_action();
    }
    ScriptLocation location{.named = true};
    location.special = kind == FileKind::special;
    if (found) location.script_path = params.find("SCRIPT_FILENAME");
    location.request_uri =
        params.find(by_action ? "REDIRECT_URL" : "SCRIPT_NAME").value_or(std::string_view());
    return location;
}

}  // namespace phalanx::php
