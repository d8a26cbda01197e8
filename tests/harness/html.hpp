#pragma once

#include <string>
#include <string_view>

#include "harness/http_form.hpp"

namespace phalanx::harness {

// As much of HTML as it takes to use a page: tags are found by their text, attributes are in double quotes,
// entities are resolved in what is given.

/// The hidden fields of the form of that id, whose tokens a posted form has to bring back; none when the page
/// has no such form.
[[nodiscard]] FormFields hidden_fields(std::string_view page, std::string_view form_id);

/// The first value of an attribute of that name (such as href) that has this text in it; empty when there is
/// none.
[[nodiscard]] std::string attribute_with(std::string_view page, std::string_view name, std::string_view text);

}  // namespace phalanx::harness
