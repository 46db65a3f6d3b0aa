// The one function that the library exports.
#include "CTorch.h"

#if defined(TROUPE_TRAINING)

#include "Handles.hpp"

extern "C" __attribute__((visibility("default"))) const troupe_torch *troupe_torch_table(const char **) {
  static const troupe_torch table = [] {
    troupe_torch filled{};
    filled.abi = TROUPE_TORCH_ABI;
    troupe::fill_runtime(filled);
    troupe::fill_tensors(filled);
    troupe::fill_operators(filled);
    troupe::fill_gradients(filled);
    troupe::fill_random(filled);
    troupe::fill_processes(filled);
    return filled;
  }();
  return &table;
}

#else

extern "C" __attribute__((visibility("default"))) const troupe_torch *troupe_torch_table(const char **reason) {
  *reason = "Troupe was built without the Training trait; build it again without --disable-default-traits";
  return nullptr;
}

#endif
