#pragma once

#include <string>
#include <vector>

#include "wire.hpp"

/// Streams, good and bad, for tests that cut them in every way.
namespace phalanx::fastcgi::wire {

struct Stream {
    std::string name;
    std::string bytes;
};

inline std::vector<Stream> good_streams() {
    const std::string pairs = pair("SCRIPT_FILENAME", "/srv/a.php") + pair("", "") + pair("E", "") +
                              pair("LONG", std::string(200, 'v')) + pair("CONTENT_LENGTH", "5");
    const std::string head = begin(1) + params(pairs) + params({});
    return {
        {"nothing", ""},
        {"plain request", request("")},
        {"request with a body", request("hello")},
        {"three on one connection", request("hello") + request("") + request("bye", 0, 9)},
        {"no parameters at all", begin() + params({}) + input()},
        {"padding everywhere", begin(1, 1, 1, 5) + params(pairs, 1, 3) + params({}, 1, 8) +
                                   input("hello", 1, 3) + input({}, 1, 255) + request("x")},
        {"pairs across records", begin(1) + params_cut(pairs, 1) + params({}) + input("hello") + input()},
        {"pairs across odd records", begin(1) + params_cut(pairs, 7) + params({}) + input("hello") + input()},
        {"body in many records", head + input("h", 1, 7) + input("el") + input("lo") + input()},
        {"no empty record after the body", head + input("hello") + request("again")},
        {"late ends before BEGIN", input() + input({}, 77, 3) + request("hello")},
        {"id 0 and id 65535", begin(1, 0) + params({}, 0) + input({}, 0) + request("abc", 1, 65535)},
        {"authorizer and filter",
         begin(1, 1, 2) + params({}) + input() + begin(1, 1, 3) + params({}) + input()},
        {"other flags are ignored", begin(0xfe) + params({}) + input()},
        {"other versions are accepted",
         record(1, {"\0\1\0\0\0\0\0\0", 8}, 1, 0, 2) + record(4, {}, 1, 0, 255)},
        {"empty STDIN ends the parameters", begin(1) + params(pair("A", "b")) + input() + request("x")},
        {"GET_VALUES, then a request",
         record(9, pair("FCGI_MPXS_CONNS", "") + pair("FCGI_MAX_REQS", ""), 0, 2) + request("hello")},
        {"GET_VALUES of nothing", record(9, {}, 5)},
        {"unknown management type", record(42, "content", 0, 1) + record(255, {}, 0) + request("x")},
        {"DATA is ignored", head + record(8, "data", 1, 4) + input("hello")},
        {"aborted", head + input("he") + record(2) + request("next")},
        {"zero bytes in pairs",
         begin(1) + params(pair("A", {"x\0y", 3}) + pair({"B\0C", 3}, "z")) + params({})},
        {"CONTENT_LENGTH in words",
         begin(1) + params(pair("CONTENT_LENGTH", "much")) + params({}) + request("")},
    };
}

inline std::vector<Stream> bad_streams() {
    const std::string head = begin(1) + params(pair("CONTENT_LENGTH", "5")) + params({});
    return {
        {"HTTP", "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"},
        {"version 0", record(1, {"\0\1\1\0\0\0\0\0", 8}, 1, 0, 0)},
        {"version 0 later", begin() + record(4, {}, 1, 0, 0)},
        {"BEGIN too short", record(1, "1234567")},
        {"BEGIN too long", record(1, "123456789")},
        {"BEGIN empty", record(1)},
        {"role 0", begin(1, 1, 0) + params({})},
        {"role 4 with padding", begin(1, 1, 4, 6) + params({})},
        {"role 257", begin(1, 1, 257) + params({})},
        {"ABORT first", record(2)},
        {"ABORT within the parameters", begin() + record(2)},
        {"PARAMS first", params(pair("A", "b"))},
        {"STDIN data first", input("smuggled") + request("")},
        {"END_REQUEST", record(3, "12345678")},
        {"GET_VALUES_RESULT", record(10, {}, 0)},
        {"unknown type of a request", record(12, {}, 1)},
        {"BEGIN twice", begin() + begin()},
        {"other id in the parameters", begin(1, 1) + params(pair("A", "b"), 2)},
        {"other id ends the parameters", begin(1, 1) + params({}, 2)},
        {"GET_VALUES within the parameters", begin() + record(9, {}, 0)},
        {"STDIN data ends the parameters", begin() + input("hello")},
        {"pair cut off", begin() +
                             params("\x05\x05"
                                    "abc") +
                             params({})},
        {"length cut off", begin() + params("\x80") + params({})},
        {"second length missing", begin() + params("\x05") + params({})},
        {"name too long", begin() +
                              params("\xff\xff\xff\xff\x01"
                                     "abc") +
                              params({})},
        {"value too long", begin() +
                               params("\x01\xff\xff\xff\xff"
                                      "abc") +
                               params({})},
        {"bad GET_VALUES", record(9,
                                  {"\x05\x00"
                                   "ab",
                                   4},
                                  0) +
                               request("")},
        {"body of another id", head + input("hello", 2)},
        {"BEGIN within the body", head + input("he") + begin(1)},
        {"version 0 within the body", head + record(5, "hello", 1, 0, 0)},
        {"PARAMS within the body", head + input("he") + params(pair("A", "b"))},
        {"body ends early", head + input("he") + input() + request("x")},
        {"surplus in the record", head + input("hello" + request("smuggled")) + input()},
        {"surplus in a further record", head + input("hello") + input(request("smuggled")) + input()},
        {"body without CONTENT_LENGTH", begin(1) + params({}) + input(request("smuggled")) + input()},
        {"ABORT after the body", head + input("hello") + record(2) + request("x")},
        {"DATA after the body", head + input("hello") + record(8, "data") + request("x")},
    };
}

inline std::vector<Stream> all_streams() {
    std::vector<Stream> streams = good_streams();
    const std::vector<Stream> bad = bad_streams();
    streams.insert(streams.end(), bad.begin(), bad.end());
    return streams;
}

}  // namespace phalanx::fastcgi::wire
