// NCCL through its C API, opened when the first CUDA tensors are summed: its headers need CUDA's, which PyPI's libtorch
// does not bring. The declarations are NCCL's of version 2, whose numbers and signatures do not change.
#if defined(TROUPE_TRAINING)

#include "NCCL.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/core/Stream.h>
#include <dlfcn.h>

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "Handles.hpp"

namespace troupe {
namespace {

using Clock = std::chrono::steady_clock;

struct Identity {
  char bytes[128];
};
constexpr int success = 0, in_progress = 7;                    // ncclResult_t
constexpr int type_u8 = 1, type_i64 = 4, type_f32 = 7, type_f64 = 8;  // ncclDataType_t
constexpr int operation_sum = 0;                               // ncclRedOp_t

struct Library {
  int (*get_id)(Identity *);
  int (*init)(void **communicator, int count, Identity, int rank);
  int (*all_reduce)(const void *, void *, size_t, int type, int operation, void *communicator, void *stream);
  int (*broadcast)(const void *, void *, size_t, int type, int root, void *communicator, void *stream);
  int (*async_error)(void *communicator, int *);
  int (*destroy)(void *communicator);
  int (*abort)(void *communicator);
  const char *(*text)(int);
};

// Complete, or NULL: half a library is none.
const Library *library() {
  static const Library *const found = []() -> const Library * {
    // The one that libtorch has opened already, before another that may lie on the machine.
    void *opened = dlopen("libnccl.so.2", RTLD_NOW | RTLD_NOLOAD);
    if (!opened) opened = dlopen("libnccl.so.2", RTLD_NOW);
    if (!opened) return nullptr;
    static Library table;
    const auto look = [opened](auto &function, const char *name) {
      void *symbol = dlsym(opened, name);
      memcpy(&function, &symbol, sizeof function);
      return symbol != nullptr;
    };
    const bool complete = look(table.get_id, "ncclGetUniqueId") && look(table.init, "ncclCommInitRank") &&
        look(table.all_reduce, "ncclAllReduce") && look(table.broadcast, "ncclBroadcast") &&
        look(table.async_error, "ncclCommGetAsyncError") && look(table.destroy, "ncclCommDestroy") &&
        look(table.abort, "ncclCommAbort") && look(table.text, "ncclGetErrorString");
    return complete ? &table : nullptr;
  }();
  return found;
}

[[noreturn]] void refuse(const std::string &what, int code) {
  throw ProcessFailure(
      what + " by NCCL failed (" + library()->text(code) +
      "): look at the output of the other processes, see that each has a CUDA device of its own, and set "
      "NCCL_DEBUG=WARN to learn more");
}

[[noreturn]] void late(const std::string &what) {
  throw ProcessFailure(
      what + " by NCCL was not done in time: another process probably stopped; look at the output of the others");
}

int type_of(const at::Tensor &tensor) {
  switch (tensor.scalar_type()) {
    case at::kByte: return type_u8;
    case at::kLong: return type_i64;
    case at::kFloat: return type_f32;
    case at::kDouble: return type_f64;
    default: TORCH_CHECK(false, "a tensor in ", tensor.scalar_type(), " was to be sent by NCCL");
  }
}

}  // namespace

bool NCCL::available() { return library() != nullptr; }

std::vector<uint8_t> NCCL::make_id() {
  Identity id{};
  const int code = library()->get_id(&id);
  if (code != success) refuse("meeting", code);
  const auto *first = reinterpret_cast<const uint8_t *>(id.bytes);
  return std::vector<uint8_t>(first, first + sizeof id.bytes);
}

NCCL::NCCL(
    const std::vector<uint8_t> &bytes, int rank, int count, at::Device device, std::chrono::milliseconds timeout)
    : device_(device), timeout_(timeout) {
  // Waits for all processes without an end of its own, so another thread does it: when one of them never comes, the
  // thread is left behind, with everything that it uses.
  struct Meeting {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    int code = success;
    void *communicator = nullptr;
  };
  TORCH_CHECK(bytes.size() == sizeof(Identity), "an identity of NCCL has ", bytes.size(), " bytes");
  Identity id;
  memcpy(id.bytes, bytes.data(), sizeof id.bytes);
  const auto meeting = std::make_shared<Meeting>();
  std::thread([meeting, id, rank, count, device] {
    int code = success;
    void *communicator = nullptr;
    try {
      const c10::DeviceGuard guard(device);  // the device belongs to the thread
      code = library()->init(&communicator, count, id, rank);
    } catch (...) {
      code = 1;  // ncclUnhandledCudaError
    }
    const std::lock_guard<std::mutex> lock(meeting->mutex);
    meeting->code = code;
    meeting->communicator = communicator;
    meeting->done = true;
    meeting->changed.notify_all();
  }).detach();
  std::unique_lock<std::mutex> lock(meeting->mutex);
  if (!meeting->changed.wait_for(lock, timeout, [&] { return meeting->done; })) late("meeting");
  if (meeting->code != success) refuse("meeting", meeting->code);
  communicator_ = meeting->communicator;
}

NCCL::~NCCL() {
  if (!communicator_) return;
  try {
    const c10::DeviceGuard guard(device_);
    library()->destroy(communicator_);
  } catch (...) {
  }
}

void NCCL::abort() {
  library()->abort(communicator_);
  communicator_ = nullptr;
}

// NULL is the default stream, the one that Troupe's operators run on.
void NCCL::sum(at::Tensor &tensor) {
  const c10::DeviceGuard guard(device_);
  void *data = tensor.data_ptr();
  const auto count = static_cast<size_t>(tensor.numel());
  finish(library()->all_reduce(data, data, count, type_of(tensor), operation_sum, communicator_, nullptr), "a sum");
}

void NCCL::broadcast(at::Tensor &tensor, int from) {
  const c10::DeviceGuard guard(device_);
  void *data = tensor.data_ptr();
  const auto count = static_cast<size_t>(tensor.numel());
  finish(library()->broadcast(data, data, count, type_of(tensor), from, communicator_, nullptr), "a broadcast");
}

// Waits for the device. A process that stopped would let it wait for ever, so it is asked, not waited for.
void NCCL::finish(int started, const char *what) {
  if (started != success) {
    abort();
    refuse(what, started);
  }
  const c10::Stream stream(c10::Stream::DEFAULT, device_);
  const auto end = Clock::now() + timeout_;
  while (!stream.query()) {
    int state = success;
    const int asked = library()->async_error(communicator_, &state);
    const int failed = asked != success ? asked : state;
    if (failed != success && failed != in_progress) {
      abort();
      refuse(what, failed);
    }
    if (Clock::now() > end) {
      abort();
      late(what);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

}  // namespace troupe

#endif
