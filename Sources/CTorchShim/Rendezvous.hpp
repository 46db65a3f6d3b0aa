// Where processes find each other, and tell each other that they give up.
#pragma once

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "Handles.hpp"

namespace troupe {

using Clock = std::chrono::steady_clock;

class Rendezvous {
 public:
  // Returns when all processes have come, or throws ProcessFailure, which names those that have not.
  Rendezvous(const std::string &address, int port, int rank, int count, std::chrono::milliseconds timeout);

  const c10::intrusive_ptr<c10d::TCPStore> &store() const { return store_; }

  // What one process says and others wait for.
  void say(const std::string &key, const std::vector<uint8_t> &value);
  std::vector<uint8_t> hear(const std::string &key, int from);

  // To be called after something between the processes failed: tells the others, gives them a moment to tell the same,
  // and says what happened. Those that failed as well are still there; those that say nothing are to blame.
  std::string explain(const std::string &reason, std::chrono::milliseconds passed);

 private:
  bool came(const std::string &key, Clock::time_point end);
  std::vector<int> silent();

  int rank_, count_;
  std::chrono::milliseconds timeout_;
  c10::intrusive_ptr<c10d::TCPStore> store_;
};

}  // namespace troupe
