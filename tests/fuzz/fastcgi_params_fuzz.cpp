// Name-value pairs: the cut makes no difference, every text is a C string within the bytes that came, and no
// name stands twice.

#include <cstdint>
#include <cstring>
#include <set>

#include "fastcgi/wire.hpp"
#include "phalanx/fastcgi/params_decoder.hpp"

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace phalanx::fastcgi;
    if (size == 0) return 0;
    const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size)).subspan(1);
    const std::size_t step = std::size_t{data[0]} + 1;

    Params whole;
    ParamsDecoder whole_decoder;
    whole_decoder.feed(bytes, whole);
    whole_decoder.end();
    Params cut;
    ParamsDecoder cut_decoder;
    for (auto rest = bytes; !rest.empty(); rest = rest.subspan(std::min(step, rest.size()))) {
        cut_decoder.feed(rest.first(std::min(step, rest.size())), cut);
    }
    cut_decoder.end();

    require(whole_decoder.violation() == cut_decoder.violation());
    require(whole.size() == cut.size());
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const Params::Pair pair = whole.at(i);
        require(pair.name == cut.at(i).name && pair.value == cut.at(i).value);
        require(std::strlen(pair.name.data()) == pair.name.size());
        require(std::strlen(pair.value.data()) == pair.value.size());
        require(pair.name.size() + pair.value.size() <= bytes.size());
        require(names.insert(pair.name).second);
        require(whole.find(pair.name) == pair.value);
    }
    return 0;
}
