#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/site.hpp"

namespace phalanx::harness {

/// What scripts and their test tell each other through files, whatever becomes of the connection between
/// them: scripts take notes, and wait until the test allows them to go on.
class Notes {
  public:
    explicit Notes(const Site& site) : site_(site), folder_(site.files().open_folder("notes")) {}

    /// The beginning of a script that may use note(text) and await(name). A script that is allowed nothing
    /// goes on after 30 s, long after its test has failed.
    [[nodiscard]] std::string php() const {
        const std::string folder = "'" + folder_.string() + "/'";
        return "<?php function note($text) { file_put_contents(" + folder +
               " . 'notes', \"$text\\n\", FILE_APPEND); } "
               "function await($name) { for ($i = 0; $i < 6000 && !file_exists(" +
               folder + " . $name); ++$i) { usleep(5000); clearstatcache(); } } ";
    }

    void allow(std::string_view name) const { site_.files().write("notes/" + std::string(name), ""); }
    /// The lines of all scripts so far.
    [[nodiscard]] std::string text() const { return read_file(folder_ / "notes"); }
    [[nodiscard]] bool wait_for(std::string_view text, milliseconds deadline = kPatience) const {
        return eventually(deadline, [&] { return this->text() == text; });
    }

  private:
    const Site& site_;
    std::filesystem::path folder_;
};

}  // namespace phalanx::harness
