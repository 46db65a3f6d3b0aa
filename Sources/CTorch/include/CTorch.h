// The table of functions through which Troupe reaches libtorch. No C++ type and no C++ exception crosses it.
//
// The table lives in a shared library of its own (target CTorchShim, product TroupeTorch) that is opened when the
// first tensor is made, so that commands without a model never pay for libtorch's start.
//
// Every function that can fail takes a trailing `error`: on failure it is set, and the result is NULL, -1 or 0.
#ifndef TROUPE_CTORCH_H
#define TROUPE_CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Raised when the table changes, so that a stale library beside a new program is named and not called.
#define TROUPE_TORCH_ABI 2

#pragma clang assume_nonnull begin

typedef struct troupe_tensor troupe_tensor;        // one reference to a tensor
typedef struct troupe_error troupe_error;          // code and text
typedef troupe_error *_Nullable *_Nullable troupe_failure;                // where an error goes, if anybody asks
typedef troupe_tensor *_Nonnull const *_Nullable troupe_inputs;           // NULL when there are none
typedef troupe_tensor *_Nullable const *_Nonnull troupe_optional_inputs;  // NULL entries where there is no tensor
typedef troupe_tensor *_Nullable *_Nullable troupe_outputs;
typedef struct troupe_operator troupe_operator;    // an operator of the dispatcher; never freed
typedef struct troupe_generator troupe_generator;  // a random number generator
typedef struct troupe_group troupe_group;          // this process among those that train together

typedef enum {
  TROUPE_ERROR_GENERAL = 1,
  TROUPE_ERROR_MEMORY = 2,
  TROUPE_ERROR_INDEX = 3,
  TROUPE_ERROR_MISSING = 4,   // the operator, or its kernel for this type or device, is not there
  TROUPE_ERROR_CALLBACK = 5,  // a recomputed segment failed
  TROUPE_ERROR_PROCESSES = 6, // another process of the group stopped, or the group cannot be formed
} troupe_error_code;

// The numbers are PyTorch's own (c10/core/ScalarType.h), which do not change.
typedef enum {
  TROUPE_U8 = 0,
  TROUPE_I8 = 1,
  TROUPE_I16 = 2,
  TROUPE_I32 = 3,
  TROUPE_I64 = 4,
  TROUPE_F16 = 5,
  TROUPE_F32 = 6,
  TROUPE_F64 = 7,
  TROUPE_BOOL = 11,
  TROUPE_BF16 = 15,
} troupe_scalar_type;

typedef enum { TROUPE_CPU = 0, TROUPE_CUDA = 1, TROUPE_MPS = 2 } troupe_device_type;
typedef struct {
  int32_t type;   // troupe_device_type
  int32_t index;  // 0 for the CPU
} troupe_device;

typedef enum {
  TROUPE_ARGUMENT_NONE = 0,
  TROUPE_ARGUMENT_TENSOR = 1,
  TROUPE_ARGUMENT_INT = 2,
  TROUPE_ARGUMENT_DOUBLE = 3,
  TROUPE_ARGUMENT_BOOL = 4,
  TROUPE_ARGUMENT_INTS = 5,
  TROUPE_ARGUMENT_TENSORS = 6,
  TROUPE_ARGUMENT_DEVICE = 7,
  TROUPE_ARGUMENT_STRING = 8,
  TROUPE_ARGUMENT_GENERATOR = 9,
  TROUPE_ARGUMENT_OPTIONAL_TENSORS = 10,
  TROUPE_ARGUMENT_DOUBLES = 11,
} troupe_argument_kind;

typedef struct {
  int32_t kind;
  int32_t count;          // of what `pointer` points to
  int64_t integer;        // INT, BOOL; DEVICE: type << 8 | index
  double number;          // DOUBLE
  const void *_Nullable pointer;    // TENSOR, GENERATOR: the handle. INTS: int64_t. TENSORS: handles. STRING: NUL-terminated
} troupe_argument;

// A part of a computation that is run once without recording and once more in the backward pass.
// Writes `output_count` new handles, or sets `error` and returns -1. `context` may be called from another thread.
typedef int32_t (*_Nonnull troupe_segment)(
    void *context, troupe_inputs inputs, int32_t input_count, troupe_outputs outputs, int32_t output_count,
    troupe_failure error);
typedef void (*_Nonnull troupe_release)(void *context);

typedef struct {
  uint32_t abi;
  const char *torch_version;  // "1.13.1"

  // Errors
  int32_t (*_Nonnull error_code)(const troupe_error *_Nullable);
  const char *_Nonnull (*_Nonnull error_message)(const troupe_error *_Nullable);
  void (*_Nonnull error_free)(troupe_error *_Nullable);
  troupe_error *_Nullable (*_Nonnull error_make)(int32_t code, const char *message);

  // The library and the machine
  const char *_Nonnull (*_Nonnull configuration)(void);  // how libtorch was built: BLAS, oneDNN, instruction sets
  int32_t (*_Nonnull device_count)(int32_t device_type);
  void (*_Nonnull set_threads)(int32_t count);
  int32_t (*_Nonnull get_threads)(void);
  int64_t (*_Nonnull live_handles)(void);  // leak checks
  void (*_Nonnull trim_memory)(void);      // gives freed memory back to the system
  int32_t (*_Nonnull synchronise)(troupe_device, troupe_failure);
  // Bytes in use and the highest so far by the allocator of a CUDA device; 0 where libtorch does not tell.
  int64_t (*_Nonnull memory_peak)(troupe_device);

  // Operators: everything of ATen, by schema name ("aten::add", "Tensor")
  const troupe_operator *_Nullable (*_Nonnull find)(const char *name, const char *overload, troupe_failure);
  // Arguments left out at the end take the schema's defaults. Returns the number of tensors written, or -1.
  int32_t (*_Nonnull call)(
      const troupe_operator *, const troupe_argument *_Nullable arguments, int32_t count, troupe_outputs outputs, int32_t room,
      troupe_failure);

  // Tensors
  void (*_Nonnull release)(troupe_tensor *);
  troupe_tensor *_Nonnull (*_Nonnull retain)(const troupe_tensor *);
  // A tensor on the CPU over memory that stays the caller's until `released` is called.
  troupe_tensor *_Nullable (*_Nonnull from_memory)(
      void *bytes, int32_t scalar_type, const int64_t *_Nullable sizes, int32_t dimensions, troupe_release released, void *context,
      troupe_failure);
  // Copies the elements, in row-major order, to memory of exactly that size.
  int32_t (*_Nonnull copy_out)(const troupe_tensor *, void *_Nullable target, size_t bytes, troupe_failure);
  int32_t (*_Nonnull dimensions)(const troupe_tensor *);
  void (*_Nonnull sizes)(const troupe_tensor *, int64_t *);
  int32_t (*_Nonnull scalar_type)(const troupe_tensor *);
  troupe_device (*_Nonnull device)(const troupe_tensor *);
  void *_Nullable (*_Nonnull data)(const troupe_tensor *);  // of a contiguous tensor on the CPU, else NULL

  // Gradients
  int32_t (*_Nonnull set_requires_grad)(troupe_tensor *_Nonnull, bool, troupe_failure);
  bool (*_Nonnull requires_grad)(const troupe_tensor *);
  troupe_tensor *_Nullable (*_Nonnull gradient)(const troupe_tensor *);  // NULL where there is none
  int32_t (*_Nonnull set_gradient)(troupe_tensor *_Nonnull, const troupe_tensor *_Nullable gradient, troupe_failure);  // NULL removes it
  int32_t (*_Nonnull backward)(
      troupe_inputs roots, troupe_optional_inputs seeds, int32_t count, bool keep_graph, troupe_failure);
  // d(roots · seeds) / d(inputs), without touching any .grad; NULL in `gradients` where an input has no part.
  int32_t (*_Nonnull gradients)(
      troupe_inputs roots, troupe_optional_inputs seeds, int32_t root_count, troupe_inputs inputs,
      int32_t input_count, bool keep_graph, troupe_outputs gradients, troupe_failure);
  bool (*_Nonnull recording)(void);
  bool (*_Nonnull set_recording)(bool);  // of this thread; returns the value before
  int32_t (*_Nonnull checkpoint)(
      troupe_segment, void *context, troupe_release, troupe_inputs inputs, int32_t input_count,
      troupe_outputs outputs, int32_t output_count, troupe_failure);

  // Mixed precision of this thread: matrix products and convolutions in `scalar_type`; a negative type turns it off.
  int32_t (*_Nonnull set_autocast)(troupe_device, int32_t scalar_type, troupe_failure);

  // Random numbers
  troupe_generator *_Nullable (*_Nonnull generator_make)(uint64_t seed, troupe_failure);  // on the CPU
  void (*_Nonnull generator_free)(troupe_generator *);
  troupe_tensor *_Nullable (*_Nonnull generator_state)(const troupe_generator *, troupe_failure);
  int32_t (*_Nonnull generator_restore)(troupe_generator *, const troupe_tensor *state, troupe_failure);

  // Processes that train together. All of them call the same functions in the same order, with tensors of the same
  // format and size. After a failure a group only fails.
  // Waits for the others at `address`:`port`, where rank 0 listens; each later call waits as long at most.
  troupe_group *_Nullable (*_Nonnull group_join)(
      const char *address, int32_t port, int32_t rank, int32_t count, double seconds, troupe_failure);
  void (*_Nonnull group_leave)(troupe_group *);
  // In place, over contiguous tensors in F32, F64 or I64: every process gets the same bits.
  int32_t (*_Nonnull group_sum)(troupe_group *, troupe_tensor *, troupe_failure);
  // In place, over contiguous tensors in U8.
  int32_t (*_Nonnull group_broadcast)(troupe_group *, troupe_tensor *, int32_t from, troupe_failure);
} troupe_torch;

// What the shared library exports. NULL, with the reason, when it was built without libtorch.
typedef const troupe_torch *_Nullable (*_Nonnull troupe_torch_entry)(const char *_Nullable *_Nonnull reason);
#define TROUPE_TORCH_ENTRY "troupe_torch_table"

// Opens the shared library at `path` and returns its table; NULL with a reason that stays valid otherwise.
const troupe_torch *_Nullable troupe_torch_open(const char *path, const char *_Nullable *_Nonnull reason);
// The file this code was loaded from: the program, or the bundle of the tests. NULL where the system does not tell.
const char *_Nullable troupe_torch_image(void);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
