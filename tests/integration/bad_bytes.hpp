#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/fastcgi.hpp"

namespace phalanx::harness {

/// Makes bad requests out of good ones, and bytes out of nothing: the same ones for the same seed.
class BadBytes {
  public:
    explicit BadBytes(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t bound) { return random_() % bound; }

    /// One of the requests with one to three faults.
    std::string mutated(const std::vector<std::string>& requests) {
        std::vector<std::string> records = split(requests[below(requests.size())]);
        std::string bytes;
        for (std::size_t faults = 1 + below(3); faults > 0; --faults) {
            if (below(2) == 0) break_order(records);
            if (below(2) == 0) break_header(records[below(records.size())]);
            bytes = join(records);
            if (below(2) == 0) break_bytes(bytes, requests);
            if (bytes.empty()) return bytes;
            records = split(bytes);
        }
        return bytes;
    }

    /// Half of them are all noise, half have noise in the place of what should follow a good header.
    std::string blob() {
        std::string bytes = below(2) == 0 ? begin_record(kResponder, 1, byte()) : std::string();
        for (std::size_t size = below(2'000); size > 0; --size) bytes += static_cast<char>(byte());
        return bytes;
    }

  private:
    std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

    /// Whole records with their padding; what is left at the end is the last one.
    static std::vector<std::string> split(std::string_view bytes) {
        std::vector<std::string> records;
        while (!bytes.empty()) {
            std::size_t size = bytes.size();
            if (size >= kRecordHead) {
                const auto number = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
                size = std::min(size, kRecordHead + (number(4) * std::size_t{256}) + number(5) + number(6));
            }
            records.emplace_back(bytes.substr(0, size));
            bytes.remove_prefix(size);
        }
        return records;
    }
    static std::string join(const std::vector<std::string>& records) {
        std::string bytes;
        for (const std::string& record : records) bytes += record;
        return bytes;
    }

    void break_order(std::vector<std::string>& records) {
        const std::size_t place = below(records.size());
        const auto at = records.begin() + static_cast<std::ptrdiff_t>(place);
        switch (below(3)) {
            case 0:
                std::swap(records[place], records[below(records.size())]);
                break;
            case 1:
                records.insert(at, std::string(*at));
                break;
            default:
                if (records.size() > 1) records.erase(at);
        }
    }

    /// Version, type, either byte of the id and of the length, or the padding's length.
    void break_header(std::string& record) {
        if (record.size() < kRecordHead) return;
        const std::size_t place = below(kRecordHead - 1);
        const char near = static_cast<char>(record[place] + (below(2) == 0 ? 1 : -1));
        record[place] = below(2) == 0 ? near : static_cast<char>(byte());
    }

    void break_bytes(std::string& bytes, const std::vector<std::string>& requests) {
        const std::size_t place = below(bytes.size());
        switch (below(4)) {
            case 0:
                bytes[place] = static_cast<char>(bytes[place] ^ (1 << below(8)));
                break;
            case 1:
                bytes.resize(place);
                break;
            case 2:
                bytes.insert(place, 1 + below(20), static_cast<char>(byte()));
                break;
            default:
                bytes.resize(place);
                const std::string& other = requests[below(requests.size())];
                bytes += other.substr(below(other.size()));
        }
    }

    std::mt19937 random_;
};

}  // namespace phalanx::harness
