#include "phalanx/status/status_page.hpp"

namespace phalanx::status {
namespace {

/// The lines that keep caches away, as php-fpm has them.
constexpr std::string_view no_cache =
    "Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Cache-Control: no-cache, no-store, must-revalidate, max-age=0\r\n";

}  // namespace

Answer status_answer(const PoolSnapshot& pool, std::string_view method, std::string_view query) {
    std::string head(no_cache);
    if (method == "HEAD") return {head + "Content-type: text/html; charset=UTF-8\r\n\r\n", {}};
    const View view = view_from_query(query);
    StatusPage page = render(pool, view.format, view.detail, view.extent);
    return {head + page.content_type + "\r\n\r\n", std::move(page.body)};
}

Answer ping_answer(std::string_view response, std::string_view method) {
    std::string head = "Content-type: text/plain;charset=UTF-8\r\n";
    head += no_cache;
    head += "\r\n";
    return {std::move(head), std::string(method == "HEAD" ? std::string_view{} : response)};
}

}  // namespace phalanx::status
