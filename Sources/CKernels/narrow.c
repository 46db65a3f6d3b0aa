#include "CKernels.h"
#include "scalars.h"
#include <float.h>

#if defined(__x86_64__)
#include <immintrin.h>
__attribute__((target("avx2,f16c")))
static size_t half_avx(const float *s, float scale, uint8_t *t, size_t n) {
  __m256 f = _mm256_set1_ps(scale);
  __m128i exponent = _mm_set1_epi16(0x7c00);
  size_t i = 0, bad = 0;
  for (; i + 8 <= n; i += 8) {
    __m128i h = _mm256_cvtps_ph(_mm256_mul_ps(f, _mm256_loadu_ps(s + i)), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128((__m128i *)(t + 2 * i), h);
    __m128i special = _mm_cmpeq_epi16(_mm_and_si128(h, exponent), exponent);
    bad += (size_t)__builtin_popcount((unsigned)_mm_movemask_epi8(special)) / 2;
  }
  for (; i < n; i++) {
    uint16_t h = ck_to_half(s[i] * scale);
    bad += (h & 0x7c00) == 0x7c00;
    memcpy(t + 2 * i, &h, 2);
  }
  return bad;
}
#endif

static inline float clamped(float v, float max, int saturate) {
  if (!saturate || isnan(v) || isinf(v)) return v;
  return v > max ? max : v < -max ? -max : v;
}

size_t ck_narrow_f32(enum ck_dtype dtype, const float *s, float scale, void *target, size_t n, int saturate) {
  uint8_t *t = target;
  size_t bad = 0;
  switch (dtype) {
  case CK_F32:
    for (size_t i = 0; i < n; i++) {
      float v = clamped(s[i] * scale, FLT_MAX, saturate);
      bad += !isfinite(v);
      memcpy(t + 4 * i, &v, 4);
    }
    return bad;
  case CK_F16:
#if defined(__x86_64__)
    if (!saturate && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c"))
      return half_avx(s, scale, t, n);
#endif
    for (size_t i = 0; i < n; i++) {
      uint16_t h = ck_to_half(clamped(s[i] * scale, 65504.0f, saturate));
      bad += (h & 0x7c00) == 0x7c00;
      memcpy(t + 2 * i, &h, 2);
    }
    return bad;
  case CK_BF16:
    for (size_t i = 0; i < n; i++) {
      uint16_t h = ck_to_bfloat(clamped(s[i] * scale, 0x1.fep127f, saturate));
      bad += (h & 0x7f80) == 0x7f80;
      memcpy(t + 2 * i, &h, 2);
    }
    return bad;
  case CK_F8_E4M3:
    for (size_t i = 0; i < n; i++) {
      t[i] = ck_to_e4m3(clamped(s[i] * scale, 448.0f, saturate));
      bad += (t[i] & 0x7f) == 0x7f;
    }
    return bad;
  case CK_F8_E5M2:
    for (size_t i = 0; i < n; i++) {
      t[i] = ck_to_e5m2(clamped(s[i] * scale, 57344.0f, saturate));
      bad += (t[i] & 0x7c) == 0x7c;
    }
    return bad;
  default:
    return n;  // not a target dtype: every element counts as refused
  }
}
