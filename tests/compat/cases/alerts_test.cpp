#include <csignal>
#include <cstring>
#include <thread>

#include "compat/logged_daemon.hpp"
#include "harness/process.hpp"

namespace phalanx::compat {
namespace {

/// Deeds of a daemon whose whole log is compared, once it holds this text.
void compare_logs(const std::string& name, const std::function<void(LoggedDaemon&)>& set_up,
                  const std::function<void(LoggedDaemon&)>& deed, const std::string& last,
                  const std::vector<Mask>& masks = {}) {
    compare_daemons(
        name,
        [&](LoggedDaemon& daemon) {
            daemon.site().pool().remove("access.log");
            set_up(daemon);
            daemon.start({"-F", "-O"});
            deed(daemon);
            EXPECT_TRUE(last.empty() || daemon.wait_for(last)) << name << "\n" << daemon.errors();
            daemon.stop();
            return daemon.errors();
        },
        masks);
}

/// Requests nobody waits for.
class Clients {
  public:
    void ask(LoggedDaemon& daemon, const std::string& target) {
        clients_.emplace_back(daemon.site().address());
        clients_.back().send(daemon.site().request(target));
    }

  private:
    std::vector<harness::FastCgiClient> clients_;
};

TEST(Alerts, OfWorkersThatEnd) {
    SKIP_UNLESS_BOTH();
    for (const int signal : {SIGKILL, SIGTERM, SIGUSR1, SIGINT, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT, SIGFPE,
                             SIGBUS, SIGALRM, SIGUSR2, SIGILL}) {
        compare_logs(
            strsignal(signal),
            [&](LoggedDaemon& daemon) {
                daemon.site().script("end.php",
                                     "<?php exec('kill -" + std::to_string(signal) + " ' . getmypid());");
            },
            [](LoggedDaemon& daemon) { (void)daemon.site().get("/end.php"); }, "started");
    }
}

TEST(Alerts, OfWorkersThatHaveServedEnough) {
    SKIP_UNLESS_BOTH();
    compare_logs(
        "pm.max_requests",
        [](LoggedDaemon& daemon) {
            daemon.site().pool().set("pm.max_requests", "2");
            daemon.site().script("x.php", "<?php");
        },
        [](LoggedDaemon& daemon) {
            for (int i = 0; i < 2; ++i) (void)daemon.site().get("/x.php");
        },
        "started");
}

TEST(Alerts, OfStoppedWorkers) {
    SKIP_UNLESS_BOTH();
    compare_logs(
        "SIGSTOP", [](LoggedDaemon& daemon) { daemon.site().script("pid.php", "<?php echo getmypid();"); },
        [](LoggedDaemon& daemon) {
            const pid_t worker = std::atoi(daemon.ask("/pid.php").c_str());
            harness::signal_process(worker, SIGSTOP);
            (void)daemon.wait_for("stopped for tracing");
            harness::signal_process(worker, SIGCONT);
        },
        "stopped for tracing");
}

/// As with s6-notifyoncheck: processes that were there before the program was executed.
TEST(Alerts, OfChildrenFromBeforeTheExec) {
    SKIP_UNLESS_BOTH();
    compare_logs(
        "children of the shell",
        [](LoggedDaemon& daemon) {
            const std::string go = daemon.file("go").string();
            daemon.behind({"/bin/sh", "-c",
                           "(until [ -e " + go +
                               " ]; do sleep 0.02; done; exit 3) & "
                               "sh -c 'until [ -e " +
                               go + "2 ]; do sleep 0.02; done; kill -9 $$' & exec \"$@\"",
                           "sh"});
        },
        [](LoggedDaemon& daemon) {
            daemon.site().files().write("go", "");
            EXPECT_TRUE(daemon.wait_for("exited with code 3"));
            daemon.site().files().write("go2", "");
        },
        "exited on signal 9 (SIGKILL) - potentially a bug",
        {{"unknown child (PID)", "unknown child \\([0-9]+\\)"}});
}

TEST(Alerts, OfTooManyProcessesComeBeforeTheStartIsOver) {
    SKIP_UNLESS_BOTH();
    compare_logs(
        "process.max",
        [](LoggedDaemon& daemon) {
            daemon.site().global().set("process.max", "2");
            daemon.site().pool().set("pm.max_children", "4");
        },
        [](LoggedDaemon&) { std::this_thread::sleep_for(harness::milliseconds(1200)); }, "process.max");
}

TEST(Alerts, OfAFullDynamicPoolComeOnce) {
    SKIP_UNLESS_BOTH();
    Clients clients;
    compare_logs(
        "dynamic",
        [](LoggedDaemon& daemon) {
            daemon.site().pool().set("pm", "dynamic").set("pm.max_children", "2");
            daemon.site().pool().set("pm.start_servers", "2").set("pm.min_spare_servers", "1");
            daemon.site().pool().set("pm.max_spare_servers", "2");
            daemon.site().script("sleep.php", "<?php sleep(4);");
        },
        [&](LoggedDaemon& daemon) {
            for (int i = 0; i < 3; ++i) clients.ask(daemon, "/sleep.php");
            (void)daemon.wait_for("pm.max_children");
            std::this_thread::sleep_for(harness::milliseconds(1100));
        },
        "server reached pm.max_children setting (2), consider raising it");
}

TEST(Alerts, OfAFullOnDemandPoolComeOnce) {
    SKIP_UNLESS_BOTH();
    Clients clients;
    compare_logs(
        "ondemand",
        [](LoggedDaemon& daemon) {
            daemon.site().pool().set("pm", "ondemand").set("pm.max_children", "1");
            daemon.site().script("sleep.php", "<?php sleep(4);");
        },
        [&](LoggedDaemon& daemon) {
            for (int i = 0; i < 3; ++i) {
                clients.ask(daemon, "/sleep.php");
                std::this_thread::sleep_for(harness::milliseconds(150));
            }
            (void)daemon.wait_for("max_children");
        },
        "server reached max_children setting (1), consider raising it");
}

TEST(Alerts, OfABusyPoolTellTheRate) {
    SKIP_UNLESS_BOTH();
    Clients clients;
    compare_logs(
        "busy",
        [](LoggedDaemon& daemon) {
            daemon.site().pool().set("pm", "dynamic").set("pm.max_children", "40");
            daemon.site().pool().set("pm.start_servers", "20").set("pm.min_spare_servers", "20");
            daemon.site().pool().set("pm.max_spare_servers", "40");
            daemon.site().script("sleep.php", "<?php sleep(9);");
        },
        [&](LoggedDaemon& daemon) {
            for (int i = 0; i < 20; ++i) clients.ask(daemon, "/sleep.php");
        },
        "seems busy (you may need to increase pm.start_servers, or pm.min/max_spare_servers), spawning 8 "
        "children");
}

TEST(Alerts, OfRequestsThatTakeTooLong) {
    SKIP_UNLESS_BOTH();
    Clients clients;
    compare_logs(
        "request_terminate_timeout",
        [](LoggedDaemon& daemon) {
            daemon.site().pool().set("request_terminate_timeout", "1s");
            daemon.site().script("sleep.php", "<?php sleep(20);");
        },
        [&](LoggedDaemon& daemon) { clients.ask(daemon, "/sleep.php?a=1&b"); }, "started",
        {{"timed out (SOME sec)", "timed out \\([0-9.]+ sec\\)"}});
}

/// log_level = debug: signals, states, the once-a-second look at pools.
TEST(Alerts, OfTheMastersDebuggingAreTheSame) {
    SKIP_UNLESS_BOTH();
    const std::vector<Mask> masks{
        {"[LOG TIME]", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\\.[0-9]{6}\\]"},
        {"PLACE:", "pid [0-9]+, [a-z_A-Z]+\\(\\), line [0-9]+:"},
        // What only one of them does, and at its own time.
        {"",
         "[^\n]*(event module|original STDERR|clock tick|all signals|child birth|child born|in SHM|notify "
         "start|SIGCHLD|still alive|sending signal|child [0-9]+ started|child [0-9]+ exited)[^\n]*\n"}};
    const auto dynamic = [](LoggedDaemon& daemon) {
        daemon.site().global().set("log_level", "debug").set("process_control_timeout", "9s");
        daemon.site().pool().set("pm", "dynamic").set("pm.max_children", "3").set("pm.start_servers", "1");
        daemon.site().pool().set("pm.min_spare_servers", "1").set("pm.max_spare_servers", "1");
        daemon.site().script("sleep.php", "<?php sleep(2);");
    };
    Clients clients;
    compare_logs(
        "dynamic", dynamic, [&](LoggedDaemon& daemon) { clients.ask(daemon, "/sleep.php"); },
        "1 child(ren) have been created dynamically", masks);
    compare_logs(
        "signals in turn", dynamic,
        [&](LoggedDaemon& daemon) {
            clients.ask(daemon, "/sleep.php");
            std::this_thread::sleep_for(harness::milliseconds(100));
            // Both at once, so that they are taken in the order of their numbers.
            (void)harness::stop_process(daemon.master());
            daemon.signal(SIGTERM);
            daemon.signal(SIGQUIT);
            daemon.signal(SIGCONT);
            // The end's own TERM is not to come while this one is handled.
            (void)daemon.wait_for("bye-bye");
        },
        "", masks);
}

}  // namespace
}  // namespace phalanx::compat
