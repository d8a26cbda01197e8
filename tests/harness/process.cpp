#include "harness/process.hpp"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "harness/socket.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {
namespace {

std::string proc_file(pid_t pid, std::string_view name) {
    return read_file("/proc/" + std::to_string(pid) + "/" + std::string(name));
}

/// The number behind "Name:" in files like /proc/PID/status.
std::optional<std::uint64_t> field(const std::string& text, std::string_view name) {
    const std::string key = "\n" + std::string(name) + ":";
    const std::size_t found = ("\n" + text).find(key);
    if (found == std::string::npos) return std::nullopt;
    const std::size_t digits = text.find_first_of("0123456789", found + name.size() + 1);
    std::uint64_t value = 0;
    if (digits == std::string::npos) return std::nullopt;
    std::from_chars(text.data() + digits, text.data() + text.size(), value);
    return value;
}

std::chrono::microseconds from_ticks(std::int64_t ticks) {
    return std::chrono::microseconds(ticks * 1'000'000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::optional<ProcessStat> process_stat(pid_t pid) {
    const std::string text = proc_file(pid, "stat");
    const std::size_t name_end = text.rfind(')');  // the name itself may hold blanks and brackets
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    ProcessStat stat;
    stat.pid = pid;
    std::string skipped;
    fields >> stat.state >> stat.parent >> skipped >> stat.session;
    for (int i = 0; i < 7; ++i) fields >> skipped;
    std::int64_t user = 0;
    std::int64_t system = 0;
    std::int64_t children_user = 0;
    std::int64_t children_system = 0;
    fields >> user >> system >> children_user >> children_system;
    stat.own_cpu = from_ticks(user + system);
    stat.children_cpu = from_ticks(children_user + children_system);
    return stat;
}

std::vector<ProcessStat> all_processes() {
    std::vector<ProcessStat> found;
    DIR* const folder = ::opendir("/proc");
    if (folder == nullptr) return found;
    while (const dirent* entry = ::readdir(folder)) {
        const std::string_view name = entry->d_name;
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || end != name.data() + name.size()) continue;
        if (const auto stat = process_stat(pid)) found.push_back(*stat);
    }
    ::closedir(folder);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
    return found;
}

bool is_alive(pid_t pid) {
    const auto stat = process_stat(pid);
    return stat && !stat->is_zombie();
}

std::vector<pid_t> descendants(pid_t root) {
    const std::vector<ProcessStat> all = all_processes();
    std::vector<pid_t> family{root};
    for (std::size_t next = 0; next < family.size(); ++next) {
        for (const ProcessStat& stat : all) {
            if (stat.parent == family[next]) family.push_back(stat.pid);
        }
    }
    family.erase(family.begin());
    std::erase_if(family, [](pid_t pid) { return !is_alive(pid); });
    std::sort(family.begin(), family.end());
    return family;
}

std::vector<pid_t> session_members(pid_t session) {
    std::vector<pid_t> members;
    for (const ProcessStat& stat : all_processes()) {
        if (stat.session == session && !stat.is_zombie()) members.push_back(stat.pid);
    }
    return members;
}

std::string command_line(pid_t pid) {
    std::string text = proc_file(pid, "cmdline");
    std::replace(text.begin(), text.end(), '\0', ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

std::optional<uid_t> effective_user(pid_t pid) {
    std::istringstream lines(proc_file(pid, "status"));
    for (std::string line; std::getline(lines, line);) {
        uid_t real = 0;
        uid_t effective = 0;
        if (line.starts_with("Uid:") && std::istringstream(line.substr(4)) >> real >> effective)
            return effective;
    }
    return std::nullopt;
}

std::optional<std::size_t> open_descriptors(pid_t pid) {
    std::error_code error;
    const std::filesystem::directory_iterator folder("/proc/" + std::to_string(pid) + "/fd", error);
    if (error) return std::nullopt;
    return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

std::map<int, std::string> descriptor_targets(pid_t pid) {
    std::map<int, std::string> targets;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
        const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
        if (!error) targets[std::atoi(entry.path().filename().c_str())] = target;
    }
    return targets;
}

std::optional<std::uint64_t> resident_kib(pid_t pid) {
    return field(proc_file(pid, "status"), "VmRSS");
}

std::optional<std::uint64_t> proportional_kib(pid_t pid) {
    return field(proc_file(pid, "smaps_rollup"), "Pss");
}

std::optional<std::uint64_t> peak_resident_kib(pid_t pid) {
    return field(proc_file(pid, "status"), "VmHWM");
}

bool forget_peak(pid_t pid) {
    // proc(5), clear_refs: 5 resets the peak resident set size.
    std::ofstream file("/proc/" + std::to_string(pid) + "/clear_refs");
    return static_cast<bool>(file << "5\n" << std::flush);
}

std::uint64_t voluntary_switches(pid_t pid) {
    return field(proc_file(pid, "status"), "voluntary_ctxt_switches").value_or(0);
}

TreeUse tree_use(pid_t root) {
    TreeUse use;
    std::vector<pid_t> family = descendants(root);
    family.push_back(root);
    for (const pid_t pid : family) {
        const auto stat = process_stat(pid);
        if (!stat) continue;
        use.cpu += stat->own_cpu + stat->children_cpu;
        use.voluntary_switches += voluntary_switches(pid);
        ++use.processes;
    }
    return use;
}

bool signal_process(pid_t pid, int signal) {
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    return process.is_open() && ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

bool kill_process(pid_t pid) {
    return signal_process(pid, SIGKILL) && eventually(kPatience, [pid] { return !is_alive(pid); });
}

bool stop_process(pid_t pid) {
    const auto state = [pid] {
        return is_alive(pid) ? process_stat(pid).value_or(ProcessStat{}).state : 'X';
    };
    return signal_process(pid, SIGSTOP) &&
           eventually(kPatience, [&] { return state() == 'T' || state() == 'X'; }) && state() == 'T';
}

}  // namespace phalanx::harness
