// Handles, and the way of numbers into tensors and out of them.
#if defined(TROUPE_TRAINING)

#include <cstring>

#include "Handles.hpp"

namespace troupe {

static troupe_tensor *from_memory(
    void *bytes, int32_t type, const int64_t *sizes, int32_t dimensions, troupe_release released, void *context,
    troupe_error **error) {
  return guarded(error, static_cast<troupe_tensor *>(nullptr), [&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(type));
    return wrap(at::from_blob(
        bytes, at::IntArrayRef(sizes, static_cast<size_t>(dimensions)), [released, context](void *) { released(context); },
        options));
  });
}

static int32_t copy_out(const troupe_tensor *tensor, void *target, size_t bytes, troupe_error **error) {
  return status(error, [&] {
    const auto plain = tensor->value.detach().to(at::kCPU).contiguous();
    TORCH_CHECK(plain.nbytes() == bytes, "a tensor of ", plain.nbytes(), " bytes was to be copied to ", bytes);
    if (bytes) memcpy(target, plain.data_ptr(), bytes);
  });
}

static troupe_device device(const troupe_tensor *tensor) {
  const auto device = tensor->value.device();
  const int32_t type = device.is_cuda() ? TROUPE_CUDA : device.type() == at::kMPS ? TROUPE_MPS : TROUPE_CPU;
  return {type, type == TROUPE_CPU ? 0 : device.index()};
}

void fill_tensors(troupe_torch &table) {
  table.release = [](troupe_tensor *tensor) {
    live_handles.fetch_sub(1, std::memory_order_relaxed);
    delete tensor;
  };
  table.retain = [](const troupe_tensor *tensor) { return wrap(tensor->value); };
  table.from_memory = from_memory;
  table.copy_out = copy_out;
  table.dimensions = [](const troupe_tensor *tensor) { return static_cast<int32_t>(tensor->value.dim()); };
  table.sizes = [](const troupe_tensor *tensor, int64_t *sizes) {
    for (const auto size : tensor->value.sizes()) *sizes++ = size;
  };
  table.scalar_type = [](const troupe_tensor *tensor) { return static_cast<int32_t>(tensor->value.scalar_type()); };
  table.device = device;
  table.data = [](const troupe_tensor *tensor) -> void * {
    const auto &value = tensor->value;
    return value.device().is_cpu() && value.is_contiguous() ? value.data_ptr() : nullptr;
  };
}

}  // namespace troupe

#endif
