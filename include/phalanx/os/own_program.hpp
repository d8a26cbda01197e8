#pragma once

#include <string>

namespace phalanx::os {

/// The program file that this process runs, by the path it was started from. Make it at the start: later the
/// file may be another one, or the folder.
class OwnProgram {
  public:
    /// `name` is argv[0]; where that does not lead to the program (no slash in it), its full path is used.
    explicit OwnProgram(const std::string& name);
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Whether there is another file at the path now, as after an update. False where there is none.
    [[nodiscard]] bool was_replaced() const;

  private:
    std::string path_;
};

/// Differs from that of every other program's file: whether another process runs the same one.
[[nodiscard]] std::string running_program_mark();

}  // namespace phalanx::os
