#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/http_message.hpp"

namespace phalanx::harness {

/// The fields of a form in the order in which a browser sends them.
using FormFields = std::vector<std::pair<std::string, std::string>>;

/// A file that goes along with a form.
struct FormFile {
    std::string field;
    std::string name;
    std::string type;
    std::string content;
};

/// For use in a query or a body of type application/x-www-form-urlencoded.
[[nodiscard]] std::string url_encoded(std::string_view text);
[[nodiscard]] std::string url_encoded(const FormFields& fields);

[[nodiscard]] HttpRequest form_post(std::string_view target, const FormFields& fields);
/// As multipart/form-data; the boundary is always the same.
[[nodiscard]] HttpRequest form_post(std::string_view target, const FormFields& fields, const FormFile& file);

}  // namespace phalanx::harness
