#include "compat/comparison.hpp"

#include <csignal>

#include "harness/pattern.hpp"

namespace phalanx::compat {
namespace {

using harness::Answer;
using harness::Site;

/// How long a raw case listens for what comes back.
constexpr harness::milliseconds kListening{200};

const std::vector<Mask>& common_masks() {
    static const std::vector<Mask> masks = {
        {"[LOG TIME]", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\\]"},
        {"ACCESS TIME", "[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}"},
        {"pid PID", "pid [0-9]+"},
        {"child PID", "child [0-9]+"},
        // Phalanx's own, where a script or a page lists all there is.
        {"", "PHALANX_QUEUE_USEC "},
        {"", ",\"queue duration\":[0-9]+"},
        {"after SOME seconds", "after [0-9]+\\.[0-9]{6} seconds"},
    };
    return masks;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size()) {
        text.replace(at, what.size(), with);
    }
    return text;
}

std::string slug(const std::string& name) {
    std::string text;
    for (const char c : name) text += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
    return text;
}

harness::Request request_of(const Case& one, const std::string& root) {
    const std::string path = one.code.empty() ? one.target : "/" + slug(one.name) + ".php" + one.target;
    harness::Request request = harness::make_request(one.method, root, path);
    if (one.body) request.with_body(*one.body, "application/x-www-form-urlencoded");
    for (const auto& [name, value] : one.params) {
        if (value) {
            request.set(name, replaced(*value, "{root}", root));
        } else {
            request.remove(name);
        }
    }
    return one.closes ? request : request.keep_connection();
}

/// All that one case says about a program, as text.
std::string transcript(Site& site, const Case& one) {
    harness::FastCgiClient client(site.address());
    Answer answer;
    if (one.leaves) {
        (void)client.send(harness::encode(request_of(one, site.root().string()), one.sizes));
        const auto notes = site.files() / "own" / "notes";
        EXPECT_TRUE(harness::eventually(harness::kPatience, [&] { return std::filesystem::exists(notes); }));
        return {};
    }
    if (one.raw.empty()) {
        answer = client.exchange(request_of(one, site.root().string()), one.sizes, one.patience);
    } else {
        client.send(one.raw);
        answer = client.read_answer(kListening);
    }
    std::string text = answer.output + "\n--- errors: " + answer.errors;
    for (const harness::Record& other : answer.others) {
        text += "\n--- record of type " + std::to_string(static_cast<int>(other.type)) + ": " + other.content;
    }
    if (answer.end) {
        text += "\n--- end: " + std::to_string(answer.end->app_status) + ", " +
                std::to_string(answer.end->protocol_status);
    }
    if (answer.timed_out && one.raw.empty()) text += "\n--- not answered in time";
    return text + "\n--- connection " +
           (client.wait_until_closed(harness::milliseconds(20)) ? "closed" : "kept");
}

void prepare(Site& site, const Group& group) {
    const std::string own = site.files().open_folder("own").string();
    const std::string port = std::to_string(harness::free_tcp_port());
    const auto filled = [&](const std::string& text) {
        return replaced(replaced(replaced(text, "{root}", site.root().string()), "{own}", own), "{port}",
                        port);
    };
    site.pool().set("pm.max_children", "1").set("access.log", (site.files() / "access.log").string());
    site.start_options().environment = group.environment;
    for (const auto& [key, value] : group.global) site.global().set(key, value);
    for (const auto& [key, value] : group.pool) site.pool().set(key, filled(value));
    for (const auto& [key, value] : group.global) site.global().set(key, filled(value));
    std::vector<std::string>& arguments = site.start_options().arguments;
    arguments.clear();
    for (const std::string& argument : group.arguments) arguments.push_back(filled(argument));
}

void write_scripts(const harness::TempDir& files, const Group& group) {
    for (const auto& [name, code] : group.scripts) files.write(name, code);
    for (const Case& one : group.cases) {
        if (!one.code.empty()) files.write(slug(one.name) + ".php", one.code);
    }
    if (group.files) group.files(files.path());
}

/// Both logs after the daemon has ended, when nothing can be missing any more.
std::string logs_after_the_end(Site& site) {
    const auto size = [&] { return site.daemon().log().size(); };
    std::size_t before = 0;
    while (before != size()) {  // output of workers reaches the log a little later than the client
        before = size();
        std::this_thread::sleep_for(harness::milliseconds(50));
    }
    site.daemon().signal(SIGTERM);
    (void)site.daemon().wait();
    return "access log:\n" + harness::read_file(site.files() / "access.log") + "error log:\n" +
           site.daemon().log();
}

}  // namespace

std::string masked(std::string text, const std::vector<Mask>& masks) {
    for (const Mask& mask : masks) text = harness::Pattern(mask.pattern).replace(text, mask.name);
    return text;
}

std::string masked(std::string text, const Site& site, const std::vector<Mask>& more) {
    text = replaced(std::move(text), site.files().path().string(), "RUN FOLDER");
    return masked(masked(std::move(text), more), common_masks());
}

std::optional<std::string> missing_program() {
    if (!harness::installed_php_fpm()) return "php-fpm 8.2 is not installed: nothing to compare with";
    if (!harness::driven_daemon()) return "the daemon is not built; PHALANX_BINARY can name one";
    return std::nullopt;
}

void compare(const Group& group) {
    SKIP_UNLESS_BOTH();
    const harness::TempDir scripts;
    write_scripts(scripts, group);
    Site original(*harness::installed_php_fpm(), scripts.path());
    Site tested(*harness::driven_daemon(), scripts.path());
    for (Site* const site : {&original, &tested}) {
        prepare(*site, group);
        site->start();
    }
    for (const Case& one : group.cases) {
        if (one.before) one.before(scripts.path());
        const std::string expected = masked(transcript(original, one), original, group.masks);
        const std::string actual = masked(transcript(tested, one), tested, group.masks);
        if (one.differs.empty()) {
            EXPECT_EQ(expected, actual) << "case: " << one.name;
        } else {
            EXPECT_NE(expected, actual) << "case: " << one.name << ", no longer true: " << one.differs;
        }
    }
    if (group.log == Log::Ignore) return;
    const std::string expected = masked(logs_after_the_end(original), original, group.masks);
    EXPECT_EQ(expected, masked(logs_after_the_end(tested), tested, group.masks)) << "the logs of the group";
}

}  // namespace phalanx::compat
