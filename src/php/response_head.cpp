#include "response_head.hpp"

#include <http_status_codes.h>

#include <cstdlib>

#include "cgi_module.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::php {
namespace {

std::string_view text_of(const sapi_header_struct& header) {
    return {header.header, header.header_len};
}

bool names(std::string_view header, std::string_view name_and_colon) {
    return base::equal_ignoring_case(header.substr(0, name_and_colon.size()), name_and_colon);
}

bool is_status(std::string_view header) {
    constexpr std::string_view name = "Status:";
    return header.size() > name.size() && names(header, name);
}

/// Calls `visit` with each header line in the order in which they were set; it returns false to stop.
template <typename Visit>
void for_each_header(const zend_llist& list, Visit visit) {
    for (const zend_llist_element* element = list.head; element != nullptr; element = element->next) {
        const auto* const header = reinterpret_cast<const sapi_header_struct*>(element->data);
        if (header->header_len > 0 && !visit(text_of(*header))) return;
    }
}

bool has_own_status(const zend_llist& list) {
    bool found = false;
    for_each_header(list, [&found](std::string_view header) { return !(found = is_status(header)); });
    return found;
}

std::string_view reason_phrase(int code) {
    for (const auto& known : http_status_map) {
        if (known.code == code) return known.str != nullptr ? known.str : "";
    }
    return {};
}

/// The code and text of a script's "HTTP/1.1 404 Not Found", with the blank before them; empty: none.
std::string_view status_of_line(std::string_view line) {
    const std::size_t blank = line.find(' ');
    return names(line, "HTTP/") && blank != std::string_view::npos ? line.substr(blank) : std::string_view();
}

/// Writes the status line where one is due. False: the script's own Status header, if any, takes its place.
bool write_status(const sapi_headers_struct& headers, std::string& text) {
    const int code = headers.http_response_code;
    if (code == 200 && !cgi_settings.nph) return false;
    const std::string_view line = headers.http_status_line != nullptr ? headers.http_status_line : "";
    if (cgi_settings.rfc2616_headers && !line.empty()) {
        text.append(line.substr(0, longest_status_line));
    } else if (const std::string_view status = status_of_line(line); !status.empty()) {
        text.append("Status:").append(status).resize(std::min(text.size(), longest_status_line));
    } else if (has_own_status(headers.headers)) {
        return false;
    } else {
        const std::string_view reason = reason_phrase(code);
        text.append("Status: ").append(std::to_string(code));
        if (!reason.empty()) text.append(" ").append(reason);
    }
    text.append("\r\n");
    return true;
}

/// The code that the client sees: a script may change the number behind a status line that it has set.
int sent_code(const sapi_headers_struct& headers) {
    const std::string_view line = headers.http_status_line != nullptr ? headers.http_status_line : "";
    const std::string_view status = status_of_line(line);
    return status.empty() ? headers.http_response_code : std::atoi(status.data());
}

}  // namespace

void write_response_head(const sapi_headers_struct& headers, std::string& text) {
    text.clear();
    bool has_status = write_status(headers, text);
    const bool not_modified = sent_code(headers) == 304;
    for_each_header(headers.headers, [&](std::string_view header) {
        if (is_status(header)) {
            if (has_status) return true;
            has_status = true;
        } else if (not_modified && names(header, "Content-Type:")) {
            return true;
        }
        text.append(header).append("\r\n");
        return true;
    });
    text.append("\r\n");
}

std::string_view response_header(std::string_view name) noexcept {
    std::string_view value;
    for_each_header(SG(sapi_headers).headers, [&](std::string_view header) {
        if (!header.starts_with(name) || header.size() <= name.size() || header[name.size()] != ':')
            return true;
        value = base::trim(header.substr(name.size() + 1));
        return false;
    });
    return value;
}

}  // namespace phalanx::php
