// Reverse-mode differentiation, and segments that are computed again in the backward pass instead of being kept.
#if defined(TROUPE_TRAINING)

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <vector>

#include "Handles.hpp"

namespace troupe {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

static variable_list values(troupe_tensor *const *handles, int32_t count) {
  variable_list list;
  list.reserve(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; i++) list.push_back(handles[i] ? handles[i]->value : at::Tensor());
  return list;
}

// A Swift closure, kept alive by the node of the graph that may call it again.
struct Segment : torch::CustomClassHolder {
  Segment(troupe_segment run, void *context, troupe_release release, int32_t outputs)
      : body(run), context(context), release_context(release), output_count(outputs) {}
  Segment(const Segment &) = delete;
  Segment &operator=(const Segment &) = delete;
  ~Segment() override { release_context(context); }

  variable_list run(const variable_list &inputs) const {
    std::vector<troupe_tensor *> in;
    in.reserve(inputs.size());
    for (const auto &input : inputs) in.push_back(wrap(input));
    std::vector<troupe_tensor *> out(static_cast<size_t>(output_count), nullptr);
    troupe_error *error = nullptr;
    const auto code = body(context, in.data(), static_cast<int32_t>(in.size()), out.data(), output_count, &error);
    const auto drop = [](troupe_tensor *handle) {
      live_handles.fetch_sub(1, std::memory_order_relaxed);
      delete handle;
    };
    for (auto *handle : in) drop(handle);
    variable_list results;
    bool complete = code == 0;
    for (auto *handle : out) {
      if (!handle) {
        complete = false;
        continue;
      }
      results.push_back(handle->value);
      drop(handle);
    }
    if (!complete) {
      std::string text = error ? error->message : "a segment gave no result";
      delete error;
      throw CallbackFailure(std::move(text));
    }
    return results;
  }

  troupe_segment body;
  void *context;
  troupe_release release_context;
  int32_t output_count;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
  // The inputs come as a TensorList because Function::apply looks for differentiable inputs in no other list type.
  static variable_list forward(
      AutogradContext *context, const c10::intrusive_ptr<Segment> &segment, at::TensorList inputs) {
    variable_list kept(inputs.begin(), inputs.end());
    context->saved_data["segment"] = c10::IValue::make_capsule(segment);
    context->save_for_backward(kept);
    return segment->run(kept);
  }

  static variable_list backward(AutogradContext *context, variable_list seeds) {
    const auto segment =
        c10::static_intrusive_pointer_cast<Segment>(context->saved_data["segment"].toCapsule());
    variable_list inputs;
    for (const auto &saved : context->get_saved_variables()) {
      auto input = saved.detach();
      input.set_requires_grad(saved.requires_grad());
      inputs.push_back(std::move(input));
    }
    {
      at::AutoGradMode recording(true);
      const auto outputs = segment->run(inputs);
      variable_list roots, root_seeds;
      for (size_t i = 0; i < outputs.size(); i++) {
        if (!outputs[i].requires_grad() || !seeds[i].defined()) continue;
        roots.push_back(outputs[i]);
        root_seeds.push_back(seeds[i]);
      }
      // Parameters that the closure holds receive their gradients here; the inputs' are handed on below.
      if (!roots.empty()) torch::autograd::backward(roots, root_seeds);
    }
    variable_list result{at::Tensor()};  // the segment itself has none
    for (const auto &input : inputs) result.push_back(input.requires_grad() ? input.grad() : at::Tensor());
    return result;
  }
};

static int32_t checkpoint(
    troupe_segment body, void *context, troupe_release release, troupe_tensor *const *inputs, int32_t input_count,
    troupe_tensor **outputs, int32_t output_count, troupe_error **error) {
  return status(error, [&] {
    const auto segment = c10::make_intrusive<Segment>(body, context, release, output_count);
    const auto in = values(inputs, input_count);
    auto out = Recomputed::apply(segment, at::TensorList(in));
    for (int32_t i = 0; i < output_count; i++) outputs[i] = wrap(out[static_cast<size_t>(i)]);
  });
}

static int32_t backward(
    troupe_tensor *const *roots, troupe_tensor *const *seeds, int32_t count, bool keep, troupe_error **error) {
  return status(error, [&] { torch::autograd::backward(values(roots, count), values(seeds, count), keep); });
}

static int32_t gradients(
    troupe_tensor *const *roots, troupe_tensor *const *seeds, int32_t root_count, troupe_tensor *const *inputs,
    int32_t input_count, bool keep, troupe_tensor **results, troupe_error **error) {
  return status(error, [&] {
    const auto found = torch::autograd::grad(
        values(roots, root_count), values(inputs, input_count), values(seeds, root_count), keep, false, true);
    for (size_t i = 0; i < found.size(); i++) results[i] = found[i].defined() ? wrap(found[i]) : nullptr;
  });
}

void fill_gradients(troupe_torch &table) {
  table.set_requires_grad = [](troupe_tensor *tensor, bool on, troupe_error **error) {
    return status(error, [&] { tensor->value.set_requires_grad(on); });
  };
  table.requires_grad = [](const troupe_tensor *tensor) { return tensor->value.requires_grad(); };
  table.gradient = [](const troupe_tensor *tensor) -> troupe_tensor * {
    const auto &gradient = tensor->value.grad();
    return gradient.defined() ? wrap(gradient) : nullptr;
  };
  table.set_gradient = [](troupe_tensor *tensor, const troupe_tensor *gradient, troupe_error **error) {
    return status(error, [&] { tensor->value.mutable_grad() = gradient ? gradient->value : at::Tensor(); });
  };
  table.backward = backward;
  table.gradients = gradients;
  table.recording = [] { return c10::GradMode::is_enabled(); };
  table.set_recording = [](bool on) {
    const bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(on);
    return before;
  };
  table.checkpoint = checkpoint;
}

}  // namespace troupe

#endif
