// The table of functions through which Troupe reaches libvips.
//
// libvips is opened when the first picture is read or written, so that commands without pictures do not pay for its
// start (a tenth of a second), and that the program runs where it is not installed. The functions that are used are
// declared in VipsFunctions.h: vips.h would bring the headers, and the compiler flags, of forty other libraries.
#ifndef TROUPE_CIMAGES_H
#define TROUPE_CIMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef enum {
  TROUPE_IMAGE_DONE = 0,
  TROUPE_IMAGE_FAILED = 1,       // libvips' own words are in the message
  TROUPE_IMAGE_TOO_LARGE = 2,    // more pixels than asked for; the size is filled in
  TROUPE_IMAGE_UNSUITABLE = 3,   // samples or channels that are no picture; the message says which
} troupe_image_outcome;

// What a file says of itself.
typedef struct {
  int32_t width, height;  // as stored, before the orientation is applied
  int32_t channels;
  int32_t bits;           // of one sample
  int32_t orientation;    // EXIF, 1 to 8; 1 where none is given
  int32_t pages;
  bool has_alpha;
  bool has_profile;
} troupe_image_header;

// Bytes that belong to libvips until `release`.
typedef struct {
  void *_Nullable bytes;
  size_t count;
  int32_t width, height, channels;
} troupe_image;

// Where a failure is told: at most this many bytes with the NUL.
#define TROUPE_IMAGE_MESSAGE 1024

typedef enum { TROUPE_ENCODE_PNG = 0, TROUPE_ENCODE_JPEG = 1, TROUPE_ENCODE_WEBP = 2 } troupe_image_encoding;

typedef struct {
  int32_t major, minor, micro;  // of libvips

  // Whether there is an operation of this name, such as "pngload_buffer".
  bool (*_Nonnull has)(const char *operation);
  // One of `path` and `bytes` is given.
  int32_t (*_Nonnull header)(
      const char *_Nullable path, const void *_Nullable bytes, size_t count, troupe_image_header *header, char *message);
  // 8 bits a sample, upright, in sRGB: 1 to 4 channels, interleaved.
  int32_t (*_Nonnull decode)(
      const void *bytes, size_t count, int64_t pixel_limit, troupe_image *image, char *message);
  // `quality` is 1 to 100; 0 asks WebP for lossless.
  int32_t (*_Nonnull encode)(
      const void *pixels, int32_t width, int32_t height, int32_t channels, int32_t encoding, int32_t quality,
      troupe_image *encoded, char *message);
  void (*_Nonnull release)(troupe_image *);
  // zlib's. Returns the number of bytes written, -1 when damaged, -2 when `room` is too small, -3 when there is no zlib.
  int64_t (*_Nonnull inflate)(const void *bytes, size_t count, void *target, size_t room);
} troupe_images;

// Opens libvips at `path`, or by a bare name; NULL with a reason that stays valid when it cannot be opened.
const troupe_images *_Nullable troupe_images_open(const char *path, const char *_Nullable *_Nonnull reason);

#pragma clang assume_nonnull end

#endif
