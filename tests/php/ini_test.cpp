#include <gtest/gtest.h>

#include "phalanx/php/engine.hpp"
#include "phalanx/php/info.hpp"
#include "site.hpp"

namespace phalanx::php {
namespace {

using config::PhpValue;

class IniTest : public PhpTest {
  protected:
    std::string ini(const std::string& name, const Pairs& more = {}) {
        return run("<?php echo ini_get('" + name + "');", more).body;
    }
};

struct Messages {
    std::vector<std::string> lines;
    static void take(void* self, const Message& message) noexcept {
        static_cast<Messages*>(self)->lines.emplace_back(message.text);
    }
};

TEST_F(IniTest, HearsTheCommandLine) {
    EXPECT_EQ(ini("docref_root"), "/given by -d");
    EXPECT_EQ(ini("log_errors"), "1");
}

TEST_F(IniTest, PoolValuesHoldForEveryRequest) {
    const std::vector<PhpValue> values = {{PhpValue::Kind::value, "error_append_string", "first"},
                                          {PhpValue::Kind::value, "error_append_string", "second"},
                                          {PhpValue::Kind::admin_value, "error_prepend_string", "admin"},
                                          {PhpValue::Kind::value, "error_prepend_string", "user"}};
    apply_pool_values(values);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(ini("error_append_string"), "first");
        EXPECT_EQ(ini("error_prepend_string"), "admin");
        EXPECT_EQ(run("<?php ini_set('error_append_string', 'x'); var_dump(ini_set('error_prepend_string', "
                      "'x')); echo ini_get('error_append_string');")
                      .body,
                  "bool(false)\nx");
    }
}

TEST_F(IniTest, ReportsUnknownPoolValues) {
    Messages messages;
    set_message_sink(Messages::take, &messages);
    const std::vector<PhpValue> values = {{PhpValue::Kind::value, "no.such", "1"},
                                          {PhpValue::Kind::admin_value, "no.such", "1"},
                                          {PhpValue::Kind::value, "zend_extension", "none"}};
    apply_pool_values(values);
    const std::vector<std::string> expected = {"Unable to set php_value 'zend_extension'",
                                               "Unable to set php_value 'no.such'",
                                               "Unable to set php_admin_value 'no.such'"};
    EXPECT_EQ(messages.lines, expected);
}

TEST_F(IniTest, PoolValuesTakeFunctionsAway) {
    const std::vector<PhpValue> values = {
        {PhpValue::Kind::admin_value, "disable_functions", "levenshtein,soundex"},
        {PhpValue::Kind::admin_value, "disable_classes", "SplHeap, SplStack"}};
    apply_pool_values(values);
    EXPECT_EQ(run("<?php echo (int) function_exists('levenshtein'), (int) function_exists('metaphone'), "
                  "ini_get('disable_functions');")
                  .body,
              "01levenshtein,soundex");
    EXPECT_TRUE(run("<?php new SplStack;").logged("SplStack() has been disabled for security reasons"));
}

TEST_F(IniTest, RequestValuesEndWithTheirRequest) {
    EXPECT_EQ(ini("memory_limit", {{"PHP_VALUE", "memory_limit = 77M"}}), "77M");
    EXPECT_EQ(outcome_, RequestOutcome::served);
    EXPECT_EQ(ini("memory_limit"), "32M");
    EXPECT_EQ(run("<?php var_dump(ini_set('memory_limit', '90M')); echo ini_get('memory_limit');",
                  {{"PHP_ADMIN_VALUE", "memory_limit=66M\nuser_agent=both"}})
                  .body,
              "bool(false)\n66M");
    EXPECT_EQ(run("<?php var_dump(ini_set('memory_limit', '90M')); echo ini_get('user_agent');").body,
              "string(3) \"32M\"\n");
}

TEST_F(IniTest, RequestValuesConcernTheBody) {
    const Pairs form = {{"REQUEST_METHOD", "POST"},
                        {"CONTENT_TYPE", "application/x-www-form-urlencoded"},
                        {"CONTENT_LENGTH", "4"},
                        {"PHP_VALUE", "post_max_size = 2"}};
    const MemoryPort port = run("<?php echo count($_POST);", form, "a=1&");
    EXPECT_EQ(port.body, "0");
    EXPECT_TRUE(port.logged("exceeds the limit of 2 bytes"));
}

TEST_F(IniTest, RequestValuesStandAboveAdminValues) {
    const std::vector<PhpValue> values = {{PhpValue::Kind::admin_value, "open_basedir", "/"}};
    apply_pool_values(values);
    EXPECT_EQ(ini("open_basedir", {{"PHP_ADMIN_VALUE", "open_basedir=" + site_.root()}}), site_.root());
    EXPECT_EQ(ini("open_basedir"), "/");
}

TEST_F(IniTest, SaysWhatIsWrongWithRequestValues) {
    const MemoryPort port =
        run("ok", {{"PHP_VALUE", "bogus=1\n[section]\na[]=3\nuser_agent\nuser_agent=\"fine\""}});
    const std::string about = "Passing INI directive through FastCGI: ";
    const std::vector<std::string> expected = {
        about + "unable to set 'bogus'", about + "only classic entries are allowed",
        about + "only classic entries are allowed", about + "empty value for key 'user_agent'"};
    EXPECT_EQ(port.log_lines, expected);
    EXPECT_EQ(port.last_level, MessageLevel::error);
    EXPECT_EQ(port.body, "ok");
}

TEST_F(IniTest, AFunctionTakenAwayMakesTheRequestTheLast) {
    const MemoryPort port = run("<?php echo (int) function_exists('similar_text');",
                                {{"PHP_ADMIN_VALUE", "disable_functions=similar_text"}});
    EXPECT_EQ(port.body, "0");
    EXPECT_EQ(outcome_, RequestOutcome::served_last);
}

TEST_F(IniTest, HearsHostAndPathSections) {
    EXPECT_EQ(ini("user_agent"), "");
    EXPECT_EQ(ini("user_agent", {{"SERVER_NAME", "Special.Example"}}), "from-host");
    const std::string script = engine_directory() + "/in_path.php";
    std::filesystem::copy_file(site_.write("u.php", "<?php echo ini_get('user_agent');"), script);
    MemoryPort port(get({{"SCRIPT_FILENAME", script}}));
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "from-path");
}

TEST_F(IniTest, EvaluatesValuesAsPhpFpmDoes) {
    EXPECT_EQ(*evaluate_ini_value("E_ALL & ~E_NOTICE"), "32759");
    EXPECT_EQ(*evaluate_ini_value("1|2"), "3");
    EXPECT_EQ(*evaluate_ini_value("yes"), "1");
    EXPECT_EQ(*evaluate_ini_value("none"), "");
    EXPECT_EQ(*evaluate_ini_value("\"a\" \"b\""), "ab");
    EXPECT_EQ(*evaluate_ini_value("x${FROM_PROCESS}"), "xprocess");
    EXPECT_EQ(*evaluate_ini_value("${memory_limit}"), "32M");
    EXPECT_EQ(*evaluate_ini_value(""), "");
    EXPECT_FALSE(evaluate_ini_value("a=b"));
    EXPECT_FALSE(evaluate_ini_value("a\nb=c"));
    EXPECT_EQ(ini_setting("memory_limit"), "32M");
    EXPECT_EQ(ini_setting("no.such"), "");
}

TEST_F(IniTest, UserIniReachesFromTheDocumentRootDown) {
    site_.write(".user.ini", "user_agent=outer\nsendmail_from=outer\n");
    site_.write("a/.user.ini", "user_agent=inner\nmemory_limit=20M\n");
    const std::string path = site_.write(
        "a/b/x.php", "<?php echo ini_get('user_agent'), ini_get('sendmail_from'), ini_get('memory_limit');");
    MemoryPort port(get({{"SCRIPT_FILENAME", path}}));
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "innerouter20M");
    // Outside the document root only the script's own directory counts, and a name's beginning is no inside.
    MemoryPort outside(get({{"SCRIPT_FILENAME", path}, {"DOCUMENT_ROOT", site_.root() + "/a/b/c"}}));
    EXPECT_EQ(serve(outside), RequestOutcome::served);
    EXPECT_EQ(outside.body, "32M");
    EXPECT_EQ(ini("memory_limit"), "32M");
}

TEST_F(IniTest, UserIniNeedsADocumentRoot) {
    site_.write(".user.ini", "user_agent=local\n");
    const std::string path = site_.write("x.php", "<?php echo ini_get('user_agent');");
    MemoryPort port({{"SCRIPT_FILENAME", path}, {"REQUEST_METHOD", "GET"}});
    EXPECT_EQ(serve(port), RequestOutcome::served);
    EXPECT_EQ(port.body, "");
}

}  // namespace
}  // namespace phalanx::php
