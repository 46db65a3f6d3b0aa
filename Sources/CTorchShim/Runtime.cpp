// Errors, devices, threads, memory.
#if defined(TROUPE_TRAINING)

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <cstring>
#include <new>

#if __has_include(<c10/core/CachingDeviceAllocator.h>)
#include <c10/core/CachingDeviceAllocator.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "Handles.hpp"

namespace troupe {

static void set(troupe_error **error, int32_t code, const char *message) noexcept {
  if (!error) return;
  try {
    *error = new troupe_error{code, message};
  } catch (...) {
    *error = nullptr;
  }
}

// libtorch reports its own allocator's failures as general errors, so their text decides.
static bool tells_of_memory(const char *text) {
  return strstr(text, "out of memory") || strstr(text, "not enough memory") || strstr(text, "can't allocate memory");
}

void capture(troupe_error **error) noexcept {
  try {
    throw;
  } catch (const CallbackFailure &failure) {
    set(error, TROUPE_ERROR_CALLBACK, failure.what());
  } catch (const ProcessFailure &failure) {
    set(error, TROUPE_ERROR_PROCESSES, failure.what());
  } catch (const c10::IndexError &failure) {
    set(error, TROUPE_ERROR_INDEX, failure.what_without_backtrace());
  } catch (const c10::NotImplementedError &failure) {
    set(error, TROUPE_ERROR_MISSING, failure.what_without_backtrace());
  } catch (const c10::Error &failure) {
    const char *text = failure.what_without_backtrace();
    set(error, tells_of_memory(text) ? TROUPE_ERROR_MEMORY : TROUPE_ERROR_GENERAL, text);
  } catch (const std::bad_alloc &) {
    set(error, TROUPE_ERROR_MEMORY, "the system has no memory left");
  } catch (const std::exception &failure) {
    set(error, TROUPE_ERROR_GENERAL, failure.what());
  } catch (...) {
    set(error, TROUPE_ERROR_GENERAL, "libtorch failed without saying why");
  }
}

// The CUDA half of libtorch registers itself when it is loaded. Loading it late lets one build of Troupe serve
// machines with and without it.
static void load_cuda() {
  static const bool tried = [] {
    if (at::hasCUDA()) return true;
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&at::get_num_threads), &info) || !info.dli_fname) return false;
    std::string path(info.dli_fname);
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return false;
    path = path.substr(0, slash) + "/libtorch_cuda.so";
    return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr;
  }();
  (void)tried;
}

static int32_t device_count(int32_t type) {
  try {
    switch (type) {
      case TROUPE_CPU: return 1;
      case TROUPE_CUDA:
        load_cuda();
        return at::hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
      case TROUPE_MPS: return at::hasMPS() ? 1 : 0;
      default: return 0;
    }
  } catch (...) {
    return 0;  // a driver that does not answer is no device
  }
}

static const char *configuration() {
  static const std::string text = [] {
    try {
      return at::show_config() + "\n" + at::get_parallel_info();
    } catch (...) {
      return std::string();
    }
  }();
  return text.c_str();
}

static int32_t synchronise(troupe_device device, troupe_error **error) {
  return status(error, [&] {
    if (device.type == TROUPE_CUDA) at::detail::getCUDAHooks().deviceSynchronize(static_cast<int8_t>(device.index));
#if TORCH_VERSION_MAJOR >= 2
    if (device.type == TROUPE_MPS) at::detail::getMPSHooks().deviceSynchronize();
#endif
  });
}

static int64_t memory_peak(troupe_device device) {
#if __has_include(<c10/core/CachingDeviceAllocator.h>) && TORCH_VERSION_MAJOR >= 2 && TORCH_VERSION_MINOR >= 9
  if (device.type == TROUPE_CUDA) {
    try {
      auto stats = c10::getDeviceAllocator(at::kCUDA)->getDeviceStats(static_cast<int8_t>(device.index));
      return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
    } catch (...) {
      return 0;
    }
  }
#endif
  (void)device;
  return 0;
}

static int32_t set_autocast(troupe_device device, int32_t type, troupe_error **error) {
  return status(error, [&] {
    const bool on = type >= 0;
    const auto scalar = static_cast<at::ScalarType>(on ? type : TROUPE_BF16);
#if TORCH_VERSION_MAJOR >= 2 && TORCH_VERSION_MINOR >= 4
    const auto kind = device_of(device).type();
    at::autocast::set_autocast_dtype(kind, scalar);
    at::autocast::set_autocast_enabled(kind, on);
#else
    if (device.type == TROUPE_CUDA) {
      at::autocast::set_autocast_gpu_dtype(scalar);
      at::autocast::set_enabled(on);
    } else {
      TORCH_CHECK(device.type == TROUPE_CPU, "this libtorch has no mixed precision for this device");
      at::autocast::set_autocast_cpu_dtype(scalar);
      at::autocast::set_cpu_enabled(on);
    }
#endif
    if (!on) at::autocast::clear_cache();
  });
}

#define TROUPE_TEXT_OF(x) #x
#define TROUPE_TEXT(x) TROUPE_TEXT_OF(x)

void fill_runtime(troupe_torch &table) {
  keep_memory();
  table.torch_version =
      TROUPE_TEXT(TORCH_VERSION_MAJOR) "." TROUPE_TEXT(TORCH_VERSION_MINOR) "." TROUPE_TEXT(TORCH_VERSION_PATCH);
  table.error_code = [](const troupe_error *error) { return error ? error->code : 0; };
  table.error_message = [](const troupe_error *error) { return error ? error->message.c_str() : ""; };
  table.error_free = [](troupe_error *error) { delete error; };
  table.error_make = [](int32_t code, const char *message) -> troupe_error * {
    troupe_error *made = nullptr;
    set(&made, code, message);
    return made;
  };
  table.configuration = configuration;
  table.device_count = device_count;
  table.set_threads = [](int32_t count) {
    try {
      at::set_num_threads(count);
    } catch (...) {
    }
  };
  table.get_threads = [] { return static_cast<int32_t>(at::get_num_threads()); };
  table.live_handles = [] { return live_handles.load(); };
  table.trim_memory = [] {
    trim_kept_memory();
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
  };
  table.synchronise = synchronise;
  table.memory_peak = memory_peak;
  table.set_autocast = set_autocast;
}

}  // namespace troupe

#endif
