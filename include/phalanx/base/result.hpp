#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "phalanx/base/error.hpp"
#include "phalanx/base/panic.hpp"

namespace phalanx::base {

/// Either the value of an operation or the Error that kept it from having one. Member names are those of
/// C++23's std::expected, so that it can take this place one day. Reading the wrong side panics.
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    [[nodiscard]] T& value() & { return get(); }
    [[nodiscard]] const T& value() const& { return const_cast<Result*>(this)->get(); }
    [[nodiscard]] T&& value() && { return std::move(get()); }
    T& operator*() & { return get(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(get()); }
    T* operator->() { return &get(); }
    const T* operator->() const { return &value(); }

    [[nodiscard]] const Error& error() const {
        if (has_value()) panic("error() of a Result that holds a value");
        return *std::get_if<1>(&state_);
    }

    template <typename U>
    [[nodiscard]] T value_or(U&& fallback) const& {
        return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
    }

  private:
    T& get() {
        if (!has_value()) panic(std::get_if<1>(&state_)->message);
        return *std::get_if<0>(&state_);
    }

    std::variant<T, Error> state_;
};

/// An operation that has no value to give: it worked, or there is an Error.
template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }

    [[nodiscard]] const Error& error() const {
        if (!error_) panic("error() of a Result that holds no error");
        return *error_;
    }

  private:
    std::optional<Error> error_;
};

}  // namespace phalanx::base
