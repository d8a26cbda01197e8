#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "phalanx/base/result.hpp"

namespace phalanx::base {

/// Turns fields into bytes for another process of the same build on the same machine: numbers have the host's
/// form. A struct takes part by a function beside it, `visit_fields(object, visitor)`, which calls the
/// visitor with every field; writing and reading go the same way and cannot drift apart.
class FieldWriter {
  public:
    template <typename T>
    void operator()(const T& field) {
        if constexpr (std::is_same_v<T, bool>) {
            (*this)(static_cast<std::uint8_t>(field));
        } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::byte>) {
            append(&field, sizeof field);
        } else {
            write(field);
        }
    }
    std::vector<std::byte> bytes;

  private:
    void append(const void* data, std::size_t size) {
        const auto* first = static_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), first, first + size);
    }
    void write(const std::string& text) {
        (*this)(static_cast<std::uint64_t>(text.size()));
        append(text.data(), text.size());
    }
    template <typename Rep, typename Period>
    void write(const std::chrono::duration<Rep, Period>& time) {
        (*this)(time.count());
    }
    template <typename T>
    void write(const std::optional<T>& value) {
        (*this)(value.has_value());
        if (value) (*this)(*value);
    }
    template <typename First, typename Second>
    void write(const std::pair<First, Second>& pair) {
        (*this)(pair.first);
        (*this)(pair.second);
    }
    template <typename T>
    void write(const std::vector<T>& items) {
        write_items(items);
    }
    template <typename Key, typename T, typename Less>
    void write(const std::map<Key, T, Less>& items) {
        write_items(items);
    }
    template <typename Items>
    void write_items(const Items& items) {
        (*this)(static_cast<std::uint64_t>(items.size()));
        for (const auto& item : items) (*this)(item);
    }
    template <typename T>
    requires std::is_class_v<T>
    void write(const T& object) { visit_fields(const_cast<T&>(object), *this); }
};

/// The way back. Damaged bytes are noticed where they would be read past their end; whoever reads asks
/// whole() before he uses anything.
class FieldReader {
  public:
    explicit FieldReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <typename T>
    void operator()(T& field) {
        if constexpr (std::is_same_v<T, bool>) {
            std::uint8_t number = 0;
            (*this)(number);
            field = number != 0;
        } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::byte>) {
            take(&field, sizeof field);
        } else {
            read(field);
        }
    }
    /// Everything was there and nothing is left over.
    [[nodiscard]] bool whole() const { return !failed_ && bytes_.empty(); }

  private:
    /// A count of things that take at least a byte each can never exceed the bytes left.
    std::size_t count() {
        std::uint64_t number = 0;
        (*this)(number);
        if (number <= bytes_.size()) return static_cast<std::size_t>(number);
        failed_ = true;
        return 0;
    }
    void take(void* data, std::size_t size) {
        if (size > bytes_.size()) {
            failed_ = true;
            return;
        }
        if (size > 0) std::memcpy(data, bytes_.data(), size);
        bytes_ = bytes_.subspan(size);
    }
    void read(std::string& text) {
        text.resize(count());
        take(text.data(), text.size());
    }
    template <typename Rep, typename Period>
    void read(std::chrono::duration<Rep, Period>& time) {
        Rep number = 0;
        (*this)(number);
        time = std::chrono::duration<Rep, Period>(number);
    }
    template <typename T>
    void read(std::optional<T>& value) {
        bool there = false;
        (*this)(there);
        value.reset();
        if (there) (*this)(value.emplace());
    }
    template <typename T>
    void read(std::vector<T>& items) {
        items.clear();
        for (std::size_t left = count(); left > 0 && !failed_; --left) (*this)(items.emplace_back());
    }
    template <typename Key, typename T, typename Less>
    void read(std::map<Key, T, Less>& items) {
        items.clear();
        for (std::size_t left = count(); left > 0 && !failed_; --left) {
            Key key;
            (*this)(key);
            (*this)(items[key]);
        }
    }
    template <typename T>
    requires std::is_class_v<T>
    void read(T& object) { visit_fields(object, *this); }

    std::span<const std::byte> bytes_;
    bool failed_ = false;
};

/// The object as bytes.
template <typename T>
[[nodiscard]] std::vector<std::byte> encode_fields(const T& object) {
    FieldWriter writer;
    writer(object);
    return std::move(writer.bytes);
}

/// The object these bytes are of, all of them. Error: they are not; `what` is what they should have been.
template <typename T>
[[nodiscard]] Result<T> decode_fields(std::span<const std::byte> bytes, const char* what) {
    T object;
    FieldReader reader(bytes);
    reader(object);
    if (!reader.whole()) return Error{std::string(what) + " is damaged"};
    return object;
}

}  // namespace phalanx::base
