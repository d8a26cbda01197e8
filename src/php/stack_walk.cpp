#include "phalanx/php/stack_walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

/// Longer texts are cut there, as php-fpm does it.
constexpr std::size_t longest_text = 1023;
/// Frames without PHP code looked at in search of the one that called.
constexpr int most_callers = 64;
/// A stack that has changed while it was read is read again.
constexpr int most_attempts = 8;

/// Reads what Zend's structures in the other process hold. Nothing it finds is trusted: a pointer is only
/// ever given back to `read`.
class Walk {
  public:
    Walk(const ReadMemory& read, std::size_t most) : read_(read), most_(most) {}

    [[nodiscard]] Stack run() {
        Stack stack;
        const char* script = nullptr;
        if (get(&SG(request_info).path_translated, script) && script != nullptr)
            stack.script = c_string(script);
        const zend_execute_data* newest = nullptr;
        if (!get(&EG(current_execute_data), newest)) stack.failed = true;
        const zend_execute_data* at = newest;
        while (at != nullptr && !stack.failed && stack.frames.size() < most_) {
            zend_execute_data frame;
            if (!get(at, frame)) {
                stack.failed = true;
            } else {
                if (is_script(frame)) break;
                stack.failed = !add(stack, at, frame);
                at = frame.prev_execute_data;
            }
        }
        const zend_execute_data* newest_now = nullptr;
        overtaken_ = stack.failed || !get(&EG(current_execute_data), newest_now) || newest_now != newest;
        return stack;
    }
    /// The other process has gone on meanwhile.
    [[nodiscard]] bool overtaken() const { return overtaken_; }

  private:
    /// Addresses are handed in as what they are there; here nothing is ever read through them.
    template <typename T>
    bool get(const void* object, T& to, std::size_t offset = 0) const {
        return read_(reinterpret_cast<std::uintptr_t>(object) + offset, static_cast<void*>(&to), sizeof to);
    }

    /// The code of the request's script itself, with which every stack ends.
    bool is_script(const zend_execute_data& frame) const {
        return !name_of(frame).has_value() &&
               ZEND_CALL_KIND_EX(frame.This.u1.type_info) == ZEND_CALL_TOP_CODE;
    }

    bool add(Stack& stack, const zend_execute_data* at, const zend_execute_data& frame) const {
        StackFrame added;
        added.address = reinterpret_cast<std::uintptr_t>(at);
        const auto name = name_of(frame);
        added.function = !name ? "[INCLUDE_OR_EVAL]" : name->empty() ? "???" : *name;
        if (!find_call(frame.prev_execute_data, added)) return false;
        stack.frames.push_back(std::move(added));
        return true;
    }

    /// Nothing: it has no name. Empty: it cannot be read.
    std::optional<std::string> name_of(const zend_execute_data& frame) const {
        zend_internal_function function;
        if (frame.func == nullptr || !get(frame.func, function)) return std::string();
        if (function.function_name == nullptr) return std::nullopt;
        return string(function.function_name);
    }

    /// Where PHP code made the call.
    bool find_call(const zend_execute_data* caller, StackFrame& added) const {
        added.file = "unknown";
        for (int i = 0; caller != nullptr && i < most_callers; ++i) {
            zend_execute_data frame;
            zend_uchar type = 0;
            if (!get(caller, frame)) return false;
            if (frame.func != nullptr && !get(frame.func, type, offsetof(zend_op_array, type))) return false;
            if (frame.func != nullptr && ZEND_USER_CODE(type)) {
                const zend_string* file = nullptr;
                if (!get(frame.func, file, offsetof(zend_op_array, filename)) || file == nullptr)
                    return false;
                added.file = string(file);
                return frame.opline != nullptr && get(frame.opline, added.line, offsetof(zend_op, lineno));
            }
            caller = frame.prev_execute_data;
        }
        return true;
    }

    std::string string(const zend_string* text) const {
        std::size_t size = 0;
        if (!get(text, size, offsetof(zend_string, len))) return {};
        std::string copy(std::min(size, longest_text), '\0');
        if (!copy.empty() && !read_(reinterpret_cast<std::uintptr_t>(text) + offsetof(zend_string, val),
                                    copy.data(), copy.size()))
            return {};
        return copy;
    }

    /// In pieces that end where a page may end: what lies behind its end may not be readable.
    std::string c_string(const char* text) const {
        constexpr std::size_t piece_size = 256;
        std::string copy;
        auto at = reinterpret_cast<std::uintptr_t>(text);
        while (copy.size() < longest_text) {
            char piece[piece_size];
            const std::size_t size = piece_size - at % piece_size;
            if (!read_(at, piece, size)) break;
            const auto* end = static_cast<const char*>(std::memchr(piece, '\0', size));
            copy.append(piece, end != nullptr ? static_cast<std::size_t>(end - piece) : size);
            if (end != nullptr) break;
            at += size;
        }
        copy.resize(std::min(copy.size(), longest_text));
        return copy;
    }

    const ReadMemory& read_;
    std::size_t most_;
    bool overtaken_ = false;
};

}  // namespace

Stack walk_stack(const ReadMemory& read, std::size_t most) {
    Stack stack;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        Walk walk(read, most);
        Stack found = walk.run();
        const bool good = !walk.overtaken();
        if (good || attempt == 0 || !found.failed) stack = std::move(found);
        if (good) break;
    }
    return stack;
}

}  // namespace phalanx::php
