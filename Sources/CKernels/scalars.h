// One stored number at a time: the portable definitions that the vector paths must agree with.
#ifndef CK_SCALARS_H
#define CK_SCALARS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float ck_float_from_bits(uint32_t bits) { float v; memcpy(&v, &bits, 4); return v; }
static inline uint32_t ck_bits_from_float(float v) { uint32_t b; memcpy(&b, &v, 4); return b; }

// IEEE binary16.
static inline float ck_half(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 0x1f, fraction = h & 0x3ffu;
  if (exponent == 0x1f) return ck_float_from_bits(sign | 0x7f800000u | (fraction << 13));
  if (exponent == 0) {
    float v = (float)fraction * 0x1p-24f;
    return sign ? -v : v;
  }
  return ck_float_from_bits(sign | ((exponent + 112) << 23) | (fraction << 13));
}

static inline float ck_bfloat(uint16_t h) { return ck_float_from_bits((uint32_t)h << 16); }

// An 8-bit float with `mantissa` fraction bits and the given exponent bias, as a plain value; the
// callers decide which patterns are special.
static inline float ck_f8_value(uint8_t v, int mantissa, int bias) {
  int exponent = (v & 0x7f) >> mantissa, fraction = v & ((1 << mantissa) - 1);
  float magnitude = exponent == 0 ? ldexpf((float)fraction, 1 - bias - mantissa)
                                  : ldexpf((float)(fraction | (1 << mantissa)), exponent - bias - mantissa);
  return v & 0x80 ? -magnitude : magnitude;
}
// OCP E4M3: no infinity, S.1111.111 is NaN. OCP E5M2: IEEE-like. FNUZ: bias one higher, 0x80 is the only NaN.
static inline float ck_e4m3(uint8_t v) { return (v & 0x7f) == 0x7f ? NAN : ck_f8_value(v, 3, 7); }
static inline float ck_e5m2(uint8_t v) {
  if ((v & 0x7c) == 0x7c) return (v & 3) ? NAN : (v & 0x80 ? -INFINITY : INFINITY);
  return ck_f8_value(v, 2, 15);
}
static inline float ck_e4m3fnuz(uint8_t v) { return v == 0x80 ? NAN : ck_f8_value(v, 3, 8); }
static inline float ck_e5m2fnuz(uint8_t v) { return v == 0x80 ? NAN : ck_f8_value(v, 2, 16); }

// Rounds a float to `mantissa` fraction bits at exponents from `least` (the exponent of the smallest
// normal number), nearest even, subnormals included. nearbyint works in the default rounding mode, which
// is nearest even; the scaling by powers of two is exact.
static inline double ck_round_to(double v, int mantissa, int least) {
  if (v == 0 || !isfinite(v)) return v;
  int exponent;
  frexp(v, &exponent);
  exponent -= 1;
  if (exponent < least) exponent = least;
  return ldexp(nearbyint(ldexp(v, mantissa - exponent)), exponent - mantissa);
}

static inline uint16_t ck_to_half(float v) {
  uint32_t bits = ck_bits_from_float(v), sign = (bits >> 16) & 0x8000u;
  if (isnan(v)) return (uint16_t)(sign | 0x7e00u | ((bits >> 13) & 0x3ffu));
  double r = fabs(ck_round_to(v, 10, -14));
  if (r >= 65520.0) return (uint16_t)(sign | 0x7c00u);
  if (r < 0x1p-14) return (uint16_t)(sign | (uint32_t)ldexp(r, 24));
  int exponent;
  double m = frexp(r, &exponent);
  return (uint16_t)(sign | (uint32_t)((exponent + 14) << 10) | ((uint32_t)ldexp(m, 11) & 0x3ffu));
}

static inline uint16_t ck_to_bfloat(float v) {
  uint32_t bits = ck_bits_from_float(v);
  if (isnan(v)) return (uint16_t)((bits >> 16) | 0x40u);
  return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// To an 8-bit float whose largest finite value is `max`; what lies beyond becomes `special`.
static inline uint8_t ck_to_f8(float v, int mantissa, int bias, float max, uint8_t special, uint8_t nan) {
  uint8_t sign = signbit(v) ? 0x80 : 0;
  if (isnan(v)) return sign | nan;
  double r = fabs(ck_round_to(v, mantissa, 1 - bias));
  if (r > max) return sign | special;
  if (r < ldexp(1, 1 - bias)) return sign | (uint8_t)ldexp(r, bias - 1 + mantissa);
  int exponent;
  double m = frexp(r, &exponent);
  return sign | (uint8_t)((exponent - 1 + bias) << mantissa)
       | ((uint8_t)ldexp(m, mantissa + 1) & (uint8_t)((1 << mantissa) - 1));
}
static inline uint8_t ck_to_e4m3(float v) { return ck_to_f8(v, 3, 7, 448.0f, 0x7f, 0x7f); }
static inline uint8_t ck_to_e5m2(float v) { return ck_to_f8(v, 2, 15, 57344.0f, 0x7c, 0x7e); }

#endif
