#pragma once

#include <memory>
#include <string>

#include "harness/child_process.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {

/// An installed web server that runs for one test, with a configuration and a folder of its own, on a free
/// port of 127.0.0.1. Ended by the destructor.
class WebServer {
  public:
    virtual ~WebServer() = default;
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;

    [[nodiscard]] const Address& address() const { return address_; }
    [[nodiscard]] std::string error_log() const { return read_file(files_ / "error.log"); }

  protected:
    WebServer() : address_(Address::tcp("127.0.0.1", free_tcp_port())) {}
    /// What it says goes to the error log. Throws std::runtime_error when it does not come up.
    void start(Command command);

    [[nodiscard]] const TempDir& files() const { return files_; }

  private:
    TempDir files_;
    Address address_;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace phalanx::harness
