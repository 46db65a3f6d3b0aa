#include "CKernels.h"
#include "scalars.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CK_AVX __attribute__((target("avx2,f16c")))
static int has_avx(void) {
  static int known = -1;  // idempotent: every thread computes the same answer
  int k = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (k < 0) {
    k = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
    __atomic_store_n(&known, k, __ATOMIC_RELAXED);
  }
  return k;
}
CK_AVX static void half_f32_avx(const uint8_t *s, float *t, size_t n, float scale) {
  size_t i = 0;
  __m256 f = _mm256_set1_ps(scale);
  for (; i + 8 <= n; i += 8) {
    __m256 v = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(s + 2 * i)));
    _mm256_storeu_ps(t + i, _mm256_mul_ps(f, v));
  }
  for (; i < n; i++) { uint16_t h; memcpy(&h, s + 2 * i, 2); t[i] = scale * ck_half(h); }
}
CK_AVX static void half_f64_avx(const uint8_t *s, double *t, size_t n, double scale) {
  size_t i = 0;
  __m256d f = _mm256_set1_pd(scale);
  for (; i + 8 <= n; i += 8) {
    __m256 v = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(s + 2 * i)));
    _mm256_storeu_pd(t + i, _mm256_mul_pd(f, _mm256_cvtps_pd(_mm256_castps256_ps128(v))));
    _mm256_storeu_pd(t + i + 4, _mm256_mul_pd(f, _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1))));
  }
  for (; i < n; i++) { uint16_t h; memcpy(&h, s + 2 * i, 2); t[i] = scale * (double)ck_half(h); }
}
#endif

// Element by element: EXPRESSION is the numeric value of `raw`, T the target's type, S a factor or nothing.
#define EACH(TYPE, EXPRESSION, T, S)                                         \
  for (size_t i = 0; i < n; i++) {                                           \
    TYPE raw;                                                                \
    memcpy(&raw, s + i * sizeof(TYPE), sizeof(TYPE));                        \
    t[i] = (T)(EXPRESSION) S;                                                \
  }

#define ALL_DTYPES(T, S)                                                     \
  switch (dtype) {                                                           \
  case CK_BOOL: EACH(uint8_t, raw != 0, T, S) break;                         \
  case CK_U8: EACH(uint8_t, raw, T, S) break;                                \
  case CK_I8: EACH(int8_t, raw, T, S) break;                                 \
  case CK_F8_E5M2: EACH(uint8_t, ck_e5m2(raw), T, S) break;                  \
  case CK_F8_E4M3: EACH(uint8_t, ck_e4m3(raw), T, S) break;                  \
  case CK_F8_E4M3FNUZ: EACH(uint8_t, ck_e4m3fnuz(raw), T, S) break;          \
  case CK_F8_E5M2FNUZ: EACH(uint8_t, ck_e5m2fnuz(raw), T, S) break;          \
  case CK_I16: EACH(int16_t, raw, T, S) break;                               \
  case CK_U16: EACH(uint16_t, raw, T, S) break;                              \
  case CK_F16: EACH(uint16_t, ck_half(raw), T, S) break;                     \
  case CK_BF16: EACH(uint16_t, ck_bfloat(raw), T, S) break;                  \
  case CK_I32: EACH(int32_t, raw, T, S) break;                               \
  case CK_U32: EACH(uint32_t, raw, T, S) break;                              \
  case CK_F32: EACH(float, raw, T, S) break;                                 \
  case CK_F64: EACH(double, raw, T, S) break;                                \
  case CK_I64: EACH(int64_t, raw, T, S) break;                               \
  case CK_U64: EACH(uint64_t, raw, T, S) break;                              \
  }

static size_t width_of(enum ck_dtype dtype) {
  switch (dtype) {
  case CK_BOOL: case CK_U8: case CK_I8: case CK_F8_E5M2: case CK_F8_E4M3: case CK_F8_E4M3FNUZ:
  case CK_F8_E5M2FNUZ: return 1;
  case CK_I16: case CK_U16: case CK_F16: case CK_BF16: return 2;
  case CK_I32: case CK_U32: case CK_F32: return 4;
  case CK_F64: case CK_I64: case CK_U64: return 8;
  }
  return 0;
}

static void widen_row_f32(enum ck_dtype dtype, const uint8_t *s, float *t, size_t n, float scale) {
#if defined(__x86_64__)
  if (dtype == CK_F16 && has_avx()) { half_f32_avx(s, t, n, scale); return; }
#endif
  ALL_DTYPES(float, * scale)
}

static void widen_row_f64(enum ck_dtype dtype, const uint8_t *s, double *t, size_t n, double scale) {
#if defined(__x86_64__)
  if (dtype == CK_F16 && has_avx()) { half_f64_avx(s, t, n, scale); return; }
#endif
  ALL_DTYPES(double, * scale)
}

#define WIDEN_BLOCK(ROW)                                                     \
  const uint8_t *s = source;                                                 \
  if (source_stride == columns && target_stride == columns) {                \
    ROW(dtype, s, target, rows * columns, scale);                            \
    return;                                                                  \
  }                                                                          \
  size_t step = source_stride * width_of(dtype);                             \
  for (size_t r = 0; r < rows; r++)                                          \
    ROW(dtype, s + r * step, target + r * target_stride, columns, scale);

void ck_widen_f32(enum ck_dtype dtype, const void *source, size_t source_stride, float *target,
                  size_t target_stride, size_t rows, size_t columns, float scale) {
  WIDEN_BLOCK(widen_row_f32)
}

void ck_widen_f64(enum ck_dtype dtype, const void *source, size_t source_stride, double *target,
                  size_t target_stride, size_t rows, size_t columns, double scale) {
  WIDEN_BLOCK(widen_row_f64)
}

// Counts 16-bit numbers whose exponent bits are all set. The counter is as wide as the numbers, and the blocks short
// enough for it, so that the loop becomes one vector comparison per eight or sixteen numbers.
static size_t count_full_exponents(const uint8_t *s, size_t count, uint16_t mask) {
  size_t bad = 0;
  for (size_t at = 0; at < count; at += 4096) {
    size_t n = count - at < 4096 ? count - at : 4096;
    uint16_t found = 0;
    for (size_t i = 0; i < n; i++) {
      uint16_t v;
      memcpy(&v, s + 2 * (at + i), 2);
      found += (v & mask) == mask;
    }
    bad += found;
  }
  return bad;
}

size_t ck_count_nonfinite(enum ck_dtype dtype, const void *source, size_t count) {
  const uint8_t *s = source;
  size_t bad = 0;
  if (dtype == CK_F16) return count_full_exponents(s, count, 0x7C00);
  if (dtype == CK_BF16) return count_full_exponents(s, count, 0x7F80);
  float buffer[1024];
  if (dtype == CK_F64) {  // a finite double may overflow a float
    for (size_t i = 0; i < count; i++) { double v; memcpy(&v, s + 8 * i, 8); bad += !isfinite(v); }
    return bad;
  }
  for (size_t at = 0; at < count; at += 1024) {
    size_t n = count - at < 1024 ? count - at : 1024;
    widen_row_f32(dtype, s + at * width_of(dtype), buffer, n, 1);
    // x - x is 0 for finite x and NaN otherwise; the comparison vectorises where isfinite may not.
    for (size_t i = 0; i < n; i++) { float d = buffer[i] - buffer[i]; bad += !(d == 0.0f); }
  }
  return bad;
}

double ck_dot_f64(const double *a, const double *b, size_t count) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    s0 += a[i] * b[i]; s1 += a[i + 1] * b[i + 1]; s2 += a[i + 2] * b[i + 2]; s3 += a[i + 3] * b[i + 3];
  }
  for (; i < count; i++) s0 += a[i] * b[i];
  return (s0 + s1) + (s2 + s3);
}

void ck_add_f32_f64(const float *source, double *target, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] += (double)source[i];
}
