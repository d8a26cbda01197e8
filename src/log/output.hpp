#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "phalanx/base/result.hpp"

namespace phalanx::log {

/// Where a log's bytes go. Never waits.
class Output {
  public:
    virtual ~Output() = default;
    /// Writes as much of a line as is taken at once: the number of bytes. Less than all: try the rest later.
    [[nodiscard]] virtual std::size_t write(std::string_view line) = 0;
    /// The descriptor written to, -1 where there is none to show.
    [[nodiscard]] virtual int descriptor() const = 0;
};

/// A file, pipe, terminal or stream socket.
class DescriptorOutput final : public Output {
  public:
    /// Opens for appending; a file is made with mode 0600.
    [[nodiscard]] static base::Result<std::unique_ptr<Output>> open(const std::string& path);
    /// Writes to a descriptor that stays its owner's.
    [[nodiscard]] static std::unique_ptr<Output> borrow(int fd);

    DescriptorOutput(const DescriptorOutput&) = delete;
    DescriptorOutput& operator=(const DescriptorOutput&) = delete;
    ~DescriptorOutput() override;
    [[nodiscard]] std::size_t write(std::string_view line) override;
    [[nodiscard]] int descriptor() const override { return fd_; }

  private:
    enum class Kind { file, socket, pipe };
    enum class Ownership { owned, borrowed };
    DescriptorOutput(int fd, Ownership ownership);
    [[nodiscard]] bool is_ready() const;

    int fd_;
    Ownership ownership_;
    Kind kind_;
};

/// The system's log over its datagram socket. syslog(3) is not used: it waits when the log's reader does.
class SyslogOutput final : public Output {
  public:
    explicit SyslogOutput(std::string socket) : path_(std::move(socket)) {}
    SyslogOutput(const SyslogOutput&) = delete;
    SyslogOutput& operator=(const SyslogOutput&) = delete;
    ~SyslogOutput() override;
    /// A datagram: all or nothing.
    [[nodiscard]] std::size_t write(std::string_view line) override;
    [[nodiscard]] int descriptor() const override { return -1; }

  private:
    [[nodiscard]] bool connect();
    void disconnect();

    std::string path_;
    int fd_ = -1;
};

}  // namespace phalanx::log
