#include "harness/html.hpp"

#include <algorithm>
#include <optional>

namespace phalanx::harness {
namespace {

std::string without_entities(std::string text) {
    constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
        {"&quot;", "\""}, {"&#039;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}};
    for (const auto& [entity, character] : kEntities) {
        for (std::size_t at = 0; (at = text.find(entity, at)) != text.npos; at += character.size()) {
            text.replace(at, entity.size(), character);
        }
    }
    return text;
}

std::optional<std::string> attribute(std::string_view tag, std::string_view name) {
    std::string start(" ");
    start.append(name).append("=\"");
    const std::size_t found = tag.find(start);
    if (found == tag.npos) return std::nullopt;
    const std::string_view rest = tag.substr(found + start.size());
    return without_entities(std::string(rest.substr(0, rest.find('"'))));
}

/// The next tag of that name at or after `from`, without its brackets; `from` then stands behind it.
std::optional<std::string_view> next_tag(std::string_view page, std::string_view name, std::size_t& from) {
    std::string start("<");
    start.append(name).append(" ");
    const std::size_t found = page.find(start, from);
    if (found == page.npos) return std::nullopt;
    from = std::min(page.find('>', found), page.size());
    return page.substr(found + 1, from - found - 1);
}

}  // namespace

FormFields hidden_fields(std::string_view page, std::string_view form_id) {
    std::size_t at = 0;
    for (auto form = next_tag(page, "form", at); form; form = next_tag(page, "form", at)) {
        if (attribute(*form, "id") != form_id) continue;
        const std::string_view inside = page.substr(at, page.find("</form>", at) - at);
        FormFields fields;
        std::size_t within = 0;
        for (auto input = next_tag(inside, "input", within); input;
             input = next_tag(inside, "input", within)) {
            const auto name = attribute(*input, "name");
            if (!name || attribute(*input, "type") != "hidden") continue;
            fields.emplace_back(*name, attribute(*input, "value").value_or(""));
        }
        return fields;
    }
    return {};
}

std::string attribute_with(std::string_view page, std::string_view name, std::string_view text) {
    std::string start(" ");
    start.append(name).append("=\"");
    for (std::size_t at = page.find(start); at != page.npos; at = page.find(start, at)) {
        at += start.size();
        const std::string_view value = page.substr(at, page.find('"', at) - at);
        if (value.find(text) != value.npos) return without_entities(std::string(value));
    }
    return {};
}

}  // namespace phalanx::harness
