#include "conduct.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

using namespace std::chrono_literals;

class ConductTest : public testing::Test {
  protected:
    [[nodiscard]] bool is_too_bad_after(std::chrono::seconds pause, Breach breach = Breach::plain) {
        return conduct_.is_too_bad_after(breach, now_ += pause);
    }

  private:
    Conduct conduct_;
    base::MonotonicTime now_{};
};

TEST_F(ConductTest, SeveralBreachesWithinTheWindowAreTooMany) {
    for (std::size_t i = 1; i < Conduct::most_breaches; ++i) EXPECT_FALSE(is_too_bad_after(1s));
    EXPECT_TRUE(is_too_bad_after(1s));
}

TEST_F(ConductTest, BreachesThatAreFarApartAreForgiven) {
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(is_too_bad_after(Conduct::window / (Conduct::most_breaches - 1)));
}

TEST_F(ConductTest, OneGraveBreachIsEnough) {
    EXPECT_TRUE(is_too_bad_after(1s, Breach::grave));
}

}  // namespace
}  // namespace phalanx::master
