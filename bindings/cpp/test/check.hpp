// SPDX-License-Identifier: Apache-2.0
// What the tests of mgeo.hpp share: checks, pairs, and the model that they load.
#ifndef MGEO_TEST_CHECK_HPP
#define MGEO_TEST_CHECK_HPP

#include <mgeo.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);         \
            std::exit(1);                                                                          \
        }                                                                                          \
    } while (0)

inline std::string model() {
    const char *folder = std::getenv("MGEO_MODELS");
    CHECK(folder != nullptr);
    return std::string(folder) + "/mini";
}

// Pairs of texts that are all different.
inline std::vector<std::pair<std::string, std::string>> texts(int count) {
    std::vector<std::pair<std::string, std::string>> made;
    for (int i = 0; i < count; i++) {
        made.emplace_back("杭州市西湖区文三路" + std::to_string(i) + "号",
                          "文三路" + std::to_string(i % 3 == 0 ? i : i + 1) + "号");
    }
    return made;
}

#ifdef __cpp_exceptions
// What a call that may fail answers: MGEO_OK, or the status of its exception, which has a line.
template <class Call> std::int32_t status_of(Call &&call) {
    try {
        call();
    } catch (const mgeo::error &error) {
        CHECK(error.what()[0] != '\0');
        return error.status();
    }
    return MGEO_OK;
}
#endif

#endif
