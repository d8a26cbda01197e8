#include <unistd.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class RootOnlyPhpIni : public SiteTest {};

TEST_F(RootOnlyPhpIni, IsHonouredByWorkersThatCannotReadIt) {
    SKIP_UNLESS_ROOT("the file belongs to root alone");
    const auto ini = site().files().write(
        "php.ini",
        "memory_limit = 77M\ndisable_functions = exec\nopen_basedir = " + site().root().string() + "\n",
        0600);
    site().script("ask.php",
                  "<?php echo json_encode([ini_get('memory_limit'), function_exists('exec'), "
                  "@file_get_contents('/etc/hostname'), is_readable(__FILE__)]);");
    site().script("read.php", "<?php echo json_encode([php_ini_loaded_file(), getmyuid() >= 0]);");
    site().start_options().arguments = {"-c", ini.string()};
    site().start_options().environment = {{"PHP_INI_SCAN_DIR", ""}};
    site().start();
    EXPECT_EQ(site().get("/ask.php").body(), R"(["77M",false,false,true])");
    const Answer answer = site().get("/read.php");
    EXPECT_NE(answer.body().find("php.ini"), std::string::npos) << answer;
}

}  // namespace
}  // namespace phalanx::harness
