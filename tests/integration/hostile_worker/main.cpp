// A program in the worker program's place that does what no worker should: see misdeeds.cpp. Its pool names
// the misdeed: env[MISDEED] = NAME.

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "phalanx/os/identity.hpp"
#include "phalanx/os/shared_memory.hpp"
#include "phalanx/status/scoreboard.hpp"
#include "situation.hpp"

namespace phalanx::hostile {
namespace {

using link::MessageHead;
using link::MessageKind;
using os::ReceivedMessage;
using os::Waiting;

os::UniqueFd& named(ReceivedMessage& message, link::TemplateFd which) {
    return message.fds.at(static_cast<std::size_t>(which));
}

Situation receive_situation() {
    MessageHead head;
    ReceivedMessage message =
        os::receive_message(link::template_channel_fd, std::as_writable_bytes(std::span(&head, 1)),
                            link::template_fds_without_log + 1, Waiting::yes);
    Situation here;
    const int settings = named(message, link::TemplateFd::settings).get();
    const auto size = os::file_size(settings, link::max_settings_bytes);
    const auto mapping = os::Mapping::map(settings, *size, os::Access::read_only);
    here.settings = *link::decode(mapping->bytes());
    here.pages =
        *link::PoolPages::attach(named(message, link::TemplateFd::workers_page).get(),
                                 named(message, link::TemplateFd::master_page).get(),
                                 {here.settings.slots, sizeof(status::SlotPage), sizeof(status::PoolPage)});
    here.listener = std::move(named(message, link::TemplateFd::listener));
    here.wake = std::move(named(message, link::TemplateFd::wake));
    return here;
}

std::string_view wanted_misdeed(const link::WorkerSettings& settings) {
    for (const auto& entry : settings.environment) {
        if (entry.name == "MISDEED") return entry.value;
    }
    return {};
}

const Misdeed* find(std::span<const Misdeed> all, std::string_view name) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Misdeed& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

void be_a_template(Situation& here) {
    const std::string_view name = wanted_misdeed(here.settings);
    if (const Misdeed* own = find(misdeeds_of_templates(), name)) {
        own->commit(here);
    } else if (const Misdeed* workers = find(misdeeds_of_workers(), name)) {
        say(here, MessageKind::ready);
        serve_orders(here, workers->commit);
    } else {
        (void)std::fprintf(stderr, "no such misdeed\n");
    }
}

}  // namespace
}  // namespace phalanx::hostile

int main() {
    using namespace phalanx;
    hostile::Situation here = hostile::receive_situation();
    if (here.settings.change_identity != 0 && !os::become(here.settings.identity)) return 70;
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // What it does without end is to be at the expense of nobody but the master.
    (void)!::nice(19);
    hostile::be_a_template(here);
    return 0;
}
