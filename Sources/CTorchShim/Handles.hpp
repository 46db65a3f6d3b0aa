// What stands behind the opaque handles of CTorch.h, and how C++ exceptions become errors.
#pragma once

#if !__has_include(<ATen/ATen.h>)
#error "libtorch's headers were not found. Ways out: apt-get install libtorch-dev libgloo-dev; or set LIBTORCH to the folder of another libtorch (python3 -c 'import torch; print(torch.__path__[0])'); or build without models: swift build --disable-default-traits"
#endif

#include <ATen/ATen.h>
#include <torch/csrc/api/include/torch/version.h>

#include <atomic>
#include <string>
#include <utility>

#include "CTorch.h"

struct troupe_tensor {
  at::Tensor value;
};

struct troupe_error {
  int32_t code;
  std::string message;
};

struct troupe_generator {
  at::Generator value;
};

namespace troupe {

inline std::atomic<int64_t> live_handles{0};

inline troupe_tensor *wrap(at::Tensor value) {
  auto *handle = new troupe_tensor{std::move(value)};
  live_handles.fetch_add(1, std::memory_order_relaxed);
  return handle;
}

// An error that came from Swift through a recomputed segment, on its way through libtorch's stack.
struct CallbackFailure : std::exception {
  explicit CallbackFailure(std::string text) : message(std::move(text)) {}
  const char *what() const noexcept override { return message.c_str(); }
  std::string message;
};

// Another process stopped, or does not answer.
struct ProcessFailure : std::exception {
  explicit ProcessFailure(std::string text) : message(std::move(text)) {}
  const char *what() const noexcept override { return message.c_str(); }
  std::string message;
};

// Turns the exception in flight into an error. Only to be called in a catch block.
void capture(troupe_error **error) noexcept;

// Runs `body`; on an exception sets `error` and returns `failed`.
template <class Result, class Body>
Result guarded(troupe_error **error, Result failed, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    capture(error);
    return failed;
  }
}

// The same for bodies without a result: 0, or -1 on an exception.
template <class Body>
int32_t status(troupe_error **error, Body body) noexcept {
  return guarded(error, int32_t(-1), [&] {
    body();
    return int32_t(0);
  });
}

inline at::Device device_of(troupe_device device) {
  switch (device.type) {
    case TROUPE_CUDA: return at::Device(at::kCUDA, static_cast<int8_t>(device.index));
    case TROUPE_MPS: return at::Device(at::kMPS, static_cast<int8_t>(device.index));
    default: return at::Device(at::kCPU);
  }
}

// Blocks of memory are kept for the next tensor instead of being given back; see Memory.cpp.
void keep_memory();
// Gives blocks that nobody uses back to the system.
void trim_kept_memory();

// One per file of this library: each fills its part of the table.
void fill_runtime(troupe_torch &);
void fill_tensors(troupe_torch &);
void fill_operators(troupe_torch &);
void fill_gradients(troupe_torch &);
void fill_random(troupe_torch &);
void fill_processes(troupe_torch &);

}  // namespace troupe
