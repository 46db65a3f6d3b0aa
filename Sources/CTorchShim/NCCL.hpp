// Sums between CUDA devices by NVIDIA's NCCL, where it is installed.
#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace troupe {

// One device of a group of processes. What stops another process throws ProcessFailure within the timeout.
class NCCL {
 public:
  // Whether the library can be opened.
  static bool available();
  // What one process makes and the others receive, so that they find each other.
  static std::vector<uint8_t> make_id();

  NCCL(const std::vector<uint8_t> &id, int rank, int count, at::Device device, std::chrono::milliseconds timeout);
  NCCL(const NCCL &) = delete;
  NCCL &operator=(const NCCL &) = delete;
  ~NCCL();

  at::Device device() const { return device_; }
  // In place, over contiguous tensors of this device; returns when the device is done.
  void sum(at::Tensor &);
  void broadcast(at::Tensor &, int from);

 private:
  void finish(int started, const char *what);
  void abort();

  at::Device device_;
  std::chrono::milliseconds timeout_;
  void *communicator_ = nullptr;
};

}  // namespace troupe
