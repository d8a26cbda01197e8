#include "compat/command_comparison.hpp"

namespace phalanx::compat {
namespace {

constexpr const char* kSound =
    "[global]\nerror_log = /dev/null\n[www]\nuser = www-data\nlisten = /nonexistent/x.sock\n"
    "pm = static\npm.max_children = 1\n";

/// What the commands below name: a sound configuration, also as a prefix has it, and files for -c.
CommandFiles files() {
    return {{{"good.conf", kSound},
             {"prefix/etc/php-fpm.conf", kSound},
             {"ini/php.ini", "fpm.config = good.conf\n"},
             {"other.ini", "fpm.config = \"./good.conf\"\n"},
             {"bad.ini", "a = b\n[x\nc = (\n"},
             {"nothing.conf", "[global]\nerror_log = /dev/null\n"}}};
}

TEST(CommandLine, Questions) {
    SKIP_UNLESS_BOTH();
    for (const char* option : {"-h", "--help", "-?", "--usage"}) compare_command(option, {option});
    compare_command("version", {"-n", "-v"});
    compare_command("long version", {"--no-php-ini", "--version"});
    compare_command("glued version", {"-nv"});
    compare_command("version with php.ini", {"-v"});
    compare_command("version with a Zend extension", {"-n", "-d", "zend_extension=opcache", "-v"});
    compare_command("modules", {"-n", "-m"});
    compare_command("long modules", {"--no-php-ini", "--modules"});
    compare_command("modules of php.ini", {"-m"});
    compare_command("modules, before -n was read", {"-m", "-n"});
    compare_command("modules with one more", {"-n", "-d", "extension=xml", "-m"});
    compare_command("a question wins over a broken file", {"-n", "-y", "/nonexistent", "-v"});
    compare_command("a question wins over what comes later", {"-n", "-m", "-Z"});
    compare_command("help wins over what comes later", {"-hZ"});
    compare_command("the first of two", {"-n", "-v", "-m"});
    compare_command("also within one word", {"-?h"});
}

TEST(CommandLine, Info) {
    SKIP_UNLESS_BOTH();
    const auto info = [](const std::vector<std::string>& arguments) {
        compare_command(testing::PrintToString(arguments), arguments, Compared::Info);
    };
    info({"-n", "-i"});
    info({"-n", "--info"});
    info({"-i"});
    info({"-n", "-i", "word"});
    info({"-n", "-d", "precision=7", "-d", "html_errors", "-d", "memory_limit=1G", "-i"});
    compare_command("a bad option counts", {"-n", "-i", "-Z"});
    compare_command("another question counts", {"-n", "-i", "-v"});
}

TEST(CommandLine, ProgramsName) {
    SKIP_UNLESS_BOTH();
    for (const char* name : {"php-fpm", "/usr/sbin/fpm", "./fpm", "folder/"}) {
        compare_command_called(name, {"-h"});
    }
}

TEST(CommandLine, Mistakes) {
    compare_commands(files(), {{"-Z"},
                               {"--no-such"},
                               {"--vers"},
                               {"--t"},
                               {"start"},
                               {"-n", "-t", "-y", "good.conf", "word"},
                               {"-n", "-t", "-y", "good.conf", "--", "word"},
                               {"-"},
                               {""},
                               {"-y"},
                               {"-n", "-t", "-y", "good.conf", "-p"},
                               {"-c"},
                               {"-d"},
                               {"-g"},
                               {"--fpm-config"},
                               {"--fpm-config="},
                               {"--pid="},
                               {"--version="},
                               {"-t=", "-n"},
                               {"-Zh"},
                               {"-n:"}});
}

TEST(CommandLine, FormsOfOptions) {
    compare_commands(files(), {{"-n", "-t", "-y", "good.conf"},
                               {"-n", "-t", "-ygood.conf"},
                               {"-n", "-t", "-y=good.conf"},
                               {"-ntygood.conf"},
                               {"-nty", "good.conf"},
                               {"-nty=good.conf"},
                               {"--no-php-ini", "--test", "--fpm-config", "good.conf"},
                               {"-n", "--test", "--fpm-config=good.conf"},
                               {"-n", "--test=once", "-y", "good.conf"},
                               {"-n", "-t", "-y", "good.conf", "--"},
                               {"-n", "-t", "-y", "{files}/good.conf"},
                               {"-n", "-t", "-y", "./good.conf"},
                               {"-n", "-t", "-y", "good.conf", "-y", "missing.conf"},
                               {"-e", "-n", "-t", "-y", "good.conf"},
                               {"--profile-info", "-n", "-t", "-y", "good.conf"}});
}

TEST(CommandLine, TestsAndDumps) {
    compare_commands(files(), {{"-n", "-tt", "-y", "good.conf"},
                               {"-n", "-t", "-t", "-y", "good.conf"},
                               {"-n", "-ttt", "-y", "good.conf"},
                               {"-n", "-tt", "-D", "-y", "good.conf"},
                               {"-n", "-tt", "-F", "-y", "good.conf"},
                               {"-n", "-tt", "-D", "-F", "-y", "good.conf"},
                               {"-n", "-tt", "-FD", "-y", "good.conf"},
                               {"-n", "-tt", "--daemonize", "--nodaemonize", "-y", "good.conf"},
                               {"-n", "-tt", "--force-stderr", "--allow-to-run-as-root", "-y", "good.conf"},
                               {"-n", "-tt", "-FOR", "-y", "good.conf"},
                               {"-n", "-tt", "-g", "x.pid", "-y", "good.conf"},
                               {"-n", "-tt", "--pid=/x.pid", "-y", "good.conf"},
                               {"-n", "-tt", "-g", "", "-y", "good.conf"},
                               {"-n", "-tt", "-ga", "-g=b", "-y", "good.conf"}});
}

TEST(CommandLine, Prefixes) {
    compare_commands(files(), {{"-n", "-tt", "-p", "{files}/prefix"},
                               {"-n", "-tt", "-p", "prefix"},
                               {"-n", "-t", "-p{files}/prefix"},
                               {"-n", "-t", "--prefix={files}/prefix"},
                               {"-n", "-tt", "--prefix", "{files}/prefix/", "-g", "x.pid"},
                               {"-n", "-t", "-p", "", "-y", "good.conf"},
                               {"-n", "-t", "-p", "/nonexistent"},
                               {"-n", "-t", "-p", "good.conf", "-y", "good.conf"},
                               {"-n", "-t", "-p", "prefix", "-p", "/nonexistent"},
                               {"-n", "-t", "-p", "/tmp", "-y", "good.conf"}});
}

TEST(CommandLine, WhereTheConfigurationIs) {
    compare_commands(files(), {{"-n", "-t"},
                               {"-n", "-t", "-y", ""},
                               {"-n", "-t", "-y="},
                               {"-t", "-c", "ini"},
                               {"-t", "-c", "{files}/ini"},
                               {"-t", "-c", "{files}/other.ini"},
                               {"-t", "-cother.ini"},
                               {"-t", "-c=ini"},
                               {"-t", "--php-ini=ini"},
                               {"-n", "-t", "-c", "ini"},
                               {"-t", "-c", "/nonexistent", "-y", "good.conf"},
                               {"-n", "-t", "-d", "fpm.config=good.conf"},
                               {"-n", "-t", "-dfpm.config=good.conf"},
                               {"-n", "-t", "--define", "fpm.config=good.conf"},
                               {"-n", "-t", "--define=fpm.config='good.conf'"},
                               {"-n", "-t", "-d=fpm.config=\"good.conf\""},
                               {"-n", "-t", "-d", "fpm.config=x", "-d", "fpm.config=good.conf"},
                               {"-n", "-t", "-d", "fpm.config=x", "-y", "good.conf"},
                               {"-n", "-t", "-d", "fpm.config=x", "-p", "prefix"},
                               {"-n", "-t", "-d", "fpm.config="},
                               {"-n", "-t", "-d", "fpm.config"},
                               {"-n", "-t", "-d", "FPM.config=good.conf"},
                               {"-n", "-t", "-d", "fpm.config=PHP_VERSION"}});
}

TEST(CommandLine, BadConfigurations) {
    compare_commands(files(), {{"-n", "-t", "-y", "/nonexistent/fpm.conf"},
                               {"-n", "-t", "-y", "good.conf/x"},
                               {"-n", "-t", "-y", "/dev/null"},
                               {"-n", "-t", "-y", "nothing.conf"},
                               {"-n", "-y", "nothing.conf"}});
    SKIP_UNLESS_BOTH();
    compare_command("a folder", {"-n", "-t", "-y", "/tmp"}, Compared::ExitCodeOnly);
}

TEST(CommandLine, TestsSayWhatIsWrongWithPhpIni) {
    compare_commands(files(), {{"-t", "-c", "bad.ini", "-y", "good.conf"},
                               {"-n", "-t", "-d", "a=b=c", "-y", "good.conf"},
                               {"-n", "-t", "-d", "=", "-y", "good.conf"},
                               {"-t", "-d", "extension=no-such", "-y", "good.conf"},
                               {"-n", "-t", "-d", "extension=no-such", "-y", "good.conf"},
                               {"-n", "-t", "-d", "display_errors=0", "-d", "log_errors=1", "-d",
                                "memory_limit=odd", "-y", "good.conf"}});
}

}  // namespace
}  // namespace phalanx::compat
