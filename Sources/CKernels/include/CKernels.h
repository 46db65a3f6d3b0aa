// The hot loops that touch every weight: widening stored numbers to float or double, and narrowing
// them back with round-to-nearest-even. Written in C because a Swift loop over half floats is about
// fifty times slower on baseline x86-64 (it calls a library routine per element) and a debug build
// slower still. Sources may be unaligned: a safetensors header can end on any byte.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// The dtypes that have a numeric value. The names are those of the safetensors format.
enum ck_dtype {
  CK_BOOL, CK_U8, CK_I8, CK_F8_E5M2, CK_F8_E4M3, CK_F8_E4M3FNUZ, CK_F8_E5M2FNUZ,
  CK_I16, CK_U16, CK_F16, CK_BF16, CK_I32, CK_U32, CK_F32, CK_F64, CK_I64, CK_U64
};

// Widens a [rows, columns] block and multiplies by `scale`; strides count elements from one row to the next.
// Before the scale, float is exact for every dtype of 24 bits of precision or fewer (F64 and 32/64-bit
// integers round to nearest even), double for every dtype but I64 and U64.
void ck_widen_f32(enum ck_dtype dtype, const void *source, size_t source_stride, float *target,
                  size_t target_stride, size_t rows, size_t columns, float scale);
void ck_widen_f64(enum ck_dtype dtype, const void *source, size_t source_stride, double *target,
                  size_t target_stride, size_t rows, size_t columns, double scale);

// Narrows `count` floats times `scale` to F32, F16, BF16, F8_E4M3 or F8_E5M2, round to nearest even.
// Returns how many inputs gave a value that is not finite; with `saturate` set, finite inputs beyond
// the largest finite value are clamped to it instead (and not counted).
size_t ck_narrow_f32(enum ck_dtype dtype, const float *source, float scale, void *target, size_t count,
                     int saturate);

// Returns how many of the `count` numbers at `source` are NaN or infinite.
size_t ck_count_nonfinite(enum ck_dtype dtype, const void *source, size_t count);

// The dot product of two vectors of `count` doubles, in four partial sums.
double ck_dot_f64(const double *a, const double *b, size_t count);

// Adds floats to doubles, element by element.
void ck_add_f32_f64(const float *source, double *target, size_t count);

// Asks the kernel to start writing a range of a file to the disk. A hint; does nothing where unsupported.
void ck_start_writeback(int descriptor, int64_t offset, int64_t count);

// Opens a file for writing past the page cache: memory, offsets and lengths must then be multiples of the disk's block.
// Returns a descriptor, or -1 where this cannot be done.
int ck_open_direct(const char *path);

// Reserves the first `count` bytes of a file, which becomes as long. Returns 0, also where the file system cannot
// reserve, or the error's number: most likely that there is no room.
int ck_reserve(int descriptor, int64_t count);

// Keeps freed memory for the next layer instead of giving it back to the system, which would clear every page anew:
// buffers of a few hundred kilobytes come and go a thousand times. Does nothing where the allocator is not glibc's.
void ck_keep_freed_memory(void);

#endif
