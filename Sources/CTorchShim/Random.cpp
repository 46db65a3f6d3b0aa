// Random numbers on the CPU. Noise is drawn there for every device, so that a seed means the same everywhere.
#if defined(TROUPE_TRAINING)

#include <ATen/CPUGeneratorImpl.h>

#include "Handles.hpp"

namespace troupe {

void fill_random(troupe_torch &table) {
  table.generator_make = [](uint64_t seed, troupe_error **error) {
    return guarded(error, static_cast<troupe_generator *>(nullptr), [&] {
      return new troupe_generator{at::make_generator<at::CPUGeneratorImpl>(seed)};
    });
  };
  table.generator_free = [](troupe_generator *generator) { delete generator; };
  table.generator_state = [](const troupe_generator *generator, troupe_error **error) {
    return guarded(error, static_cast<troupe_tensor *>(nullptr), [&] {
      return wrap(generator->value.get_state());
    });
  };
  table.generator_restore = [](troupe_generator *generator, const troupe_tensor *state, troupe_error **error) {
    return status(error, [&] { generator->value.set_state(state->value); });
  };
}

}  // namespace troupe

#endif
