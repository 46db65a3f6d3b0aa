// Every operator of ATen through one function: arguments are boxed after the operator's own schema.
#if defined(TROUPE_TRAINING)

#include <ATen/core/dispatch/Dispatcher.h>

#include <vector>

#include "Handles.hpp"

struct troupe_operator {
  c10::OperatorHandle handle;
};

namespace troupe {

static at::Tensor tensor_at(const void *pointer) { return static_cast<const troupe_tensor *>(pointer)->value; }

static c10::IValue boxed(const troupe_argument &argument) {
  const auto count = static_cast<size_t>(argument.count);
  switch (argument.kind) {
    case TROUPE_ARGUMENT_NONE: return c10::IValue();
    case TROUPE_ARGUMENT_TENSOR: return tensor_at(argument.pointer);
    case TROUPE_ARGUMENT_INT: return argument.integer;
    case TROUPE_ARGUMENT_DOUBLE: return argument.number;
    case TROUPE_ARGUMENT_BOOL: return argument.integer != 0;
    case TROUPE_ARGUMENT_INTS: {
      const auto *first = static_cast<const int64_t *>(argument.pointer);
      return std::vector<int64_t>(first, first + count);
    }
    case TROUPE_ARGUMENT_DOUBLES: {
      const auto *first = static_cast<const double *>(argument.pointer);
      return std::vector<double>(first, first + count);
    }
    case TROUPE_ARGUMENT_TENSORS: {
      const auto *first = static_cast<troupe_tensor *const *>(argument.pointer);
      c10::List<at::Tensor> list;
      list.reserve(count);
      for (size_t i = 0; i < count; i++) list.push_back(first[i]->value);
      return list;
    }
    case TROUPE_ARGUMENT_OPTIONAL_TENSORS: {
      const auto *first = static_cast<troupe_tensor *const *>(argument.pointer);
      c10::List<c10::optional<at::Tensor>> list;
      list.reserve(count);
      for (size_t i = 0; i < count; i++)
        list.push_back(first[i] ? c10::optional<at::Tensor>(first[i]->value) : c10::optional<at::Tensor>());
      return list;
    }
    case TROUPE_ARGUMENT_DEVICE:
      return device_of({static_cast<int32_t>(argument.integer >> 8), static_cast<int32_t>(argument.integer & 0xff)});
    case TROUPE_ARGUMENT_STRING: return std::string(static_cast<const char *>(argument.pointer));
    case TROUPE_ARGUMENT_GENERATOR: return static_cast<const troupe_generator *>(argument.pointer)->value;
    default: TORCH_CHECK(false, "unknown kind of argument ", argument.kind);
  }
}

static const troupe_operator *find(const char *name, const char *overload, troupe_error **error) {
  return guarded(error, static_cast<const troupe_operator *>(nullptr), [&] {
    const auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK_NOT_IMPLEMENTED(handle.has_value(), "this libtorch has no operator ", name);
    return new troupe_operator{*handle};
  });
}

static int32_t call(
    const troupe_operator *op, const troupe_argument *arguments, int32_t count, troupe_tensor **outputs, int32_t room,
    troupe_error **error) {
  return guarded(error, int32_t(-1), [&] {
    const auto &expected = op->handle.schema().arguments();
    TORCH_CHECK(static_cast<size_t>(count) <= expected.size(), op->handle.schema().name(), " takes fewer arguments");
    std::vector<c10::IValue> stack;
    stack.reserve(expected.size());
    for (int32_t i = 0; i < count; i++) stack.push_back(boxed(arguments[i]));
    for (auto i = static_cast<size_t>(count); i < expected.size(); i++) {
      const auto &fallback = expected[i].default_value();
      TORCH_CHECK(fallback.has_value(), op->handle.schema().name(), " needs ", expected[i].name());
      stack.push_back(*fallback);
    }
    op->handle.callBoxed(&stack);
    std::vector<at::Tensor> results;
    for (const auto &value : stack) {
      if (value.isTensor()) results.push_back(value.toTensor());
      else if (value.isTensorList())
        for (auto &tensor : value.toTensorVector()) results.push_back(std::move(tensor));
      else TORCH_CHECK(false, op->handle.schema().name(), " does not return tensors alone");
    }
    TORCH_CHECK(results.size() <= static_cast<size_t>(room), op->handle.schema().name(), " returned ", results.size());
    int32_t written = 0;
    for (auto &tensor : results) outputs[written++] = wrap(std::move(tensor));
    return written;
  });
}

void fill_operators(troupe_torch &table) {
  table.find = find;
  table.call = call;
}

}  // namespace troupe

#endif
