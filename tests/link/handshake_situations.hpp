#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <iostream>
#include <string>
#include <string_view>

#include "handshake_explorer.hpp"

namespace phalanx::link::model {

/// Far above what the largest exploration here needs: what stops a model that has lost its bounds.
inline constexpr std::size_t most_states = 12'000'000;

enum class ThirdClient : std::uint8_t { none, like_the_others, slow_or_kept, asks_twice };

inline State situation(std::initializer_list<Chance> chances, std::size_t plain_clients, ThirdClient third) {
    State state = System::initial(chances);
    if (plain_clients < 2) state.fate_of(1) = Fate::over;
    if (plain_clients == 0) state.fate_of(2) = Fate::over;
    if (third == ThirdClient::none) state.fate_of(slow_client) = Fate::over;
    if (third == ThirdClient::like_the_others) state.slow.set(SlowClientFlag::head_sent);
    if (third == ThirdClient::asks_twice) state.slow.set(SlowClientFlag::asks_again);
    return state;
}

/// One worker has hung itself up for good; the other may follow.
inline State stuck(std::initializer_list<Chance> chances, std::size_t plain_clients, ThirdClient third) {
    State state = situation(chances, plain_clients, third);
    state.chances.set(Chance::stop);
    state.worker[1].life = Life::stopped;
    return state;
}

/// Only so many of the two workers wait at the door.
inline State with_door_workers(std::uint8_t number, State state) {
    state.door_workers = number;
    return state;
}

/// No accident, two plain clients: enough for most.
inline State calm() {
    return situation({}, 2, ThirdClient::none);
}

/// Not even the timers, which would put many things right in the end.
inline Variant without_timers() {
    Variant variant;
    variant.looks_while_somebody_is_idle = false;
    variant.looks_at_times = false;
    return variant;
}

inline Findings explore(const Variant& variant, const State& start) {
    const System system(variant);
    return Explorer(system).explore(start, most_states);
}

inline std::string words_of(const Findings& findings) {
    std::string text = findings.fault + ", the shortest way there:\n";
    for (const std::string& step : findings.trace) text += step + "\n";
    return text;
}

inline void expect_fault(const Variant& variant, const State& start, std::string_view fault) {
    const Findings findings = explore(variant, start);
    EXPECT_EQ(findings.fault, fault);
    EXPECT_GT(findings.trace.size(), 1U);
    std::cout << words_of(findings);
}

}  // namespace phalanx::link::model
