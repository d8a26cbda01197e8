#pragma once

#include <string>
#include <vector>

namespace phalanx::os {

/// The texts as execve(2) and environ(7) want them: an array that ends with a null pointer. Valid as long as
/// the texts stand where they are.
[[nodiscard]] inline std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

}  // namespace phalanx::os
