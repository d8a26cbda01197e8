#include <fmt/format.h>

#include <iterator>
#include <span>

#include "fields.hpp"
#include "phalanx/base/panic.hpp"
#include "phalanx/status/status_page.hpp"

namespace phalanx::status {
namespace {

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

void append_text_line(std::string& out, const Field& field) {
    const std::string_view label = field.label == "request uri" ? "request URI" : field.label;
    append(out, "{:<21} {}\n", fmt::format("{}:", label), field.value);
}

std::string render_text(const PoolSnapshot& pool, Detail detail, Extent extent) {
    const Style style{&escape_text, Style::Times::calendar};
    std::string out;
    for (const Field& field : pool_fields(pool, style, extent)) append_text_line(out, field);
    if (detail == Detail::pool) return out;
    for (const SlotSnapshot& worker : pool.workers) {
        out += "\n************************\n";
        for (const Field& field : worker_fields(worker, pool.now, style)) append_text_line(out, field);
    }
    return out;
}

std::string render_html(const PoolSnapshot& pool, Detail detail, Extent extent) {
    const Style style{&escape_markup, Style::Times::calendar};
    std::string out =
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
        "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n"
        "<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n"
        "<head><title>PHP-FPM Status Page</title></head>\n<body>\n<table>\n";
    for (const Field& field : pool_fields(pool, style, extent)) {
        append(out, "<tr><th>{}</th><td>{}</td></tr>\n", field.label, field.value);
    }
    out += "</table>\n";
    if (detail == Detail::processes) {
        out += "<table border=\"1\">\n<tr>";
        for (const Field& field : worker_fields({}, 0, style)) append(out, "<th>{}</th>", field.label);
        out += "</tr>\n";
        for (const SlotSnapshot& worker : pool.workers) {
            out += "<tr>";
            for (const Field& field : worker_fields(worker, pool.now, style))
                append(out, "<td>{}</td>", field.value);
            out += "</tr>\n";
        }
        out += "</table>";
    }
    return out += "</body></html>";
}

std::string render_xml(const PoolSnapshot& pool, Detail detail, Extent extent) {
    const Style style{&escape_markup, Style::Times::epoch};
    const auto element = [](std::string& out, const Field& field) {
        append(out, "<{0}>{1}</{0}>", field.tag, field.value);
    };
    std::string out = "<?xml version=\"1.0\" ?>\n<status>\n";
    for (const Field& field : pool_fields(pool, style, extent)) {
        element(out, field);
        out += '\n';
    }
    if (detail == Detail::processes) {
        out += "<processes>\n";
        for (const SlotSnapshot& worker : pool.workers) {
            out += "<process>";
            for (const Field& field : worker_fields(worker, pool.now, style)) element(out, field);
            out += "</process>\n";
        }
        out += "</processes>\n";
    }
    return out += "</status>";
}

void append_json_members(std::string& out, std::span<const Field> fields) {
    std::string_view separator;
    for (const Field& field : fields) {
        const std::string_view quote = field.quoted ? "\"" : "";
        append(out, "{}\"{}\":{}{}{}", separator, field.label, quote, field.value, quote);
        separator = ",";
    }
}

std::string render_json(const PoolSnapshot& pool, Detail detail, Extent extent) {
    const Style style{&escape_json, Style::Times::epoch};
    std::string out = "{";
    append_json_members(out, pool_fields(pool, style, extent));
    if (detail == Detail::processes) {
        out += ", \"processes\":[";
        std::string_view separator;
        for (const SlotSnapshot& worker : pool.workers) {
            out += separator;
            out += '{';
            append_json_members(out, worker_fields(worker, pool.now, style));
            // Our own, last: the other formats have a fixed set of lines and columns.
            append(out, ",\"queue duration\":{}}}", worker.waited_usec);
            separator = ",";
        }
        out += ']';
    }
    return out += '}';
}

}  // namespace

StatusPage render(const PoolSnapshot& pool, Format format, Detail detail, Extent extent) {
    switch (format) {
        case Format::text:
            return {"Content-type: text/plain;charset=UTF-8", render_text(pool, detail, extent)};
        case Format::html:
            return {"Content-type: text/html;charset=UTF-8", render_html(pool, detail, extent)};
        case Format::xml:
            return {"Content-type: text/xml;charset=UTF-8", render_xml(pool, detail, extent)};
        case Format::json:
            return {"Content-Type: application/json", render_json(pool, detail, extent)};
        case Format::openmetrics:
            return {"Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8",
                    render_openmetrics(pool, extent)};
    }
    base::panic("a status format that does not exist");
}

}  // namespace phalanx::status
