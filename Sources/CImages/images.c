#define _GNU_SOURCE  // pthread_rwlock_t
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "Vips.h"

#define vips troupe_vips

// libvips keeps one text of errors for all threads. Work runs side by side; what fails is done once more alone, so
// that the words belong to it.
static pthread_rwlock_t turn = PTHREAD_RWLOCK_INITIALIZER;

static int32_t refuse(char *message, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, TROUPE_IMAGE_MESSAGE, format, arguments);
  va_end(arguments);
  return TROUPE_IMAGE_UNSUITABLE;
}

#define ATTEMPT(outcome, work, message)                                      \
  do {                                                                       \
    pthread_rwlock_rdlock(&turn);                                            \
    outcome = (work);                                                        \
    pthread_rwlock_unlock(&turn);                                            \
    if (outcome != TROUPE_IMAGE_FAILED) break;                               \
    pthread_rwlock_wrlock(&turn);                                            \
    vips.vips_error_clear();                                                 \
    outcome = (work);                                                        \
    char *words = vips.vips_error_buffer_copy();                             \
    if (outcome == TROUPE_IMAGE_FAILED)                                      \
      snprintf(message, TROUPE_IMAGE_MESSAGE, "%s", words ? words : "");     \
    vips.g_free(words);                                                      \
    pthread_rwlock_unlock(&turn);                                            \
  } while (0)

// Puts the result of an operation in its input's place.
static bool replaced(VipsImage **image, VipsImage *result, int status) {
  if (status != 0 || !result) return false;
  vips.g_object_unref(*image);
  *image = result;
  return true;
}

static bool has(const char *operation) { return vips.vips_type_find("VipsOperation", operation) != 0; }

static void describe(VipsImage *image, troupe_image_header *header) {
  header->width = vips.vips_image_get_width(image);
  header->height = vips.vips_image_get_height(image);
  header->channels = vips.vips_image_get_bands(image);
  header->bits = 8 * (int32_t)vips.vips_format_sizeof(vips.vips_image_get_format(image));
  int declared;
  // Palettes and single bits are unpacked to bytes; PNG tells what they were.
  if (vips.vips_image_get_typeof(image, "bits-per-sample") &&
      vips.vips_image_get_int(image, "bits-per-sample", &declared) == 0)
    header->bits = declared;
  header->orientation = vips.vips_image_get_orientation(image);
  header->pages = vips.vips_image_get_n_pages(image);
  header->has_alpha = vips.vips_image_hasalpha(image);
  header->has_profile = vips.vips_image_get_typeof(image, "icc-profile-data") != 0;
}

static int32_t read_header(const char *path, const void *bytes, size_t count, troupe_image_header *header) {
  VipsImage *image = NULL;
  if (path) {
    VipsSource *source = vips.vips_source_new_from_file(path);
    if (!source) return TROUPE_IMAGE_FAILED;
    image = vips.vips_image_new_from_source(source, "", NULL);
    vips.g_object_unref(source);
  } else {
    image = vips.vips_image_new_from_buffer(bytes, count, "", NULL);
  }
  if (!image) return TROUPE_IMAGE_FAILED;
  describe(image, header);
  vips.g_object_unref(image);
  return TROUPE_IMAGE_DONE;
}

static int32_t header(
    const char *path, const void *bytes, size_t count, troupe_image_header *result, char *message) {
  int32_t outcome;
  ATTEMPT(outcome, read_header(path, bytes, count, result), message);
  return outcome;
}

// Brings an image of any colours to 8-bit grey or sRGB, with or without alpha.
static int32_t standardise(VipsImage **image, char *message) {
  VipsBandFormat format = vips.vips_image_get_format(*image);
  VipsInterpretation colours = vips.vips_image_guess_interpretation(*image);
  bool measured = colours == VIPS_INTERPRETATION_scRGB || colours == VIPS_INTERPRETATION_LAB ||
      colours == VIPS_INTERPRETATION_LABS || colours == VIPS_INTERPRETATION_XYZ;
  // What 1.0 or 70000 means as a brightness is not told by the file.
  if (format != VIPS_FORMAT_UCHAR && format != VIPS_FORMAT_USHORT && !measured)
    return refuse(message, "its samples are neither 8 nor 16 bits wide");
  const void *profile = NULL;
  size_t size = 0;
  bool profiled = vips.vips_image_get_typeof(*image, "icc-profile-data") != 0 &&
      vips.vips_image_get_blob(*image, "icc-profile-data", &profile, &size) == 0 &&
      // A profile of other colours than the image's is passed over, as browsers do.
      vips.vips_icc_is_compatible_profile(*image, profile, size);
  VipsImage *result = NULL;
  bool grey = colours == VIPS_INTERPRETATION_B_W || colours == VIPS_INTERPRETATION_GREY16;
  int status;
  if (profiled || colours == VIPS_INTERPRETATION_CMYK) {
    status = vips.vips_icc_transform(
        *image, &result, "srgb", "input_profile", "cmyk", "embedded", 1, "intent", VIPS_INTENT_RELATIVE,
        "black_point_compensation", 1, "depth", 8, NULL);
  } else if (format == VIPS_FORMAT_USHORT) {
    status = vips.vips_msb(*image, &result, NULL);  // the upper byte; conversions of colours round some and cut others
  } else {
    status = vips.vips_colourspace(
        *image, &result, grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL);
  }
  if (!replaced(image, result, status)) return TROUPE_IMAGE_FAILED;
  if (vips.vips_image_get_format(*image) != VIPS_FORMAT_UCHAR) {
    status = vips.vips_cast(*image, &result, VIPS_FORMAT_UCHAR, NULL);
    if (!replaced(image, result, status)) return TROUPE_IMAGE_FAILED;
  }
  int channels = vips.vips_image_get_bands(*image);
  if (channels < 1 || channels > 4) return refuse(message, "it has %d channels, and pictures have 1 to 4", channels);
  return TROUPE_IMAGE_DONE;
}

static int32_t read_pixels(
    const void *bytes, size_t count, int64_t pixel_limit, troupe_image *decoded, char *message) {
  VipsImage *image = vips.vips_image_new_from_buffer(
      bytes, count, "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
  if (!image) return TROUPE_IMAGE_FAILED;
  int32_t outcome = TROUPE_IMAGE_DONE;
  decoded->width = vips.vips_image_get_width(image);
  decoded->height = vips.vips_image_get_height(image);
  if ((int64_t)decoded->width * decoded->height > pixel_limit) {
    outcome = TROUPE_IMAGE_TOO_LARGE;
    goto done;
  }
  outcome = standardise(&image, message);
  if (outcome != TROUPE_IMAGE_DONE) goto done;
  if (vips.vips_image_get_orientation(image) > 1) {
    // Turning reads columns, and the file can only be read by rows.
    VipsImage *result = vips.vips_image_copy_memory(image);
    if (!replaced(&image, result, 0)) goto failed;
    result = NULL;
    int status = vips.vips_autorot(image, &result, NULL);
    if (!replaced(&image, result, status)) goto failed;
  }
  decoded->width = vips.vips_image_get_width(image);
  decoded->height = vips.vips_image_get_height(image);
  decoded->channels = vips.vips_image_get_bands(image);
  decoded->bytes = vips.vips_image_write_to_memory(image, &decoded->count);
  if (decoded->bytes) goto done;
failed:
  outcome = TROUPE_IMAGE_FAILED;
done:
  vips.g_object_unref(image);
  return outcome;
}

static int32_t decode(const void *bytes, size_t count, int64_t pixel_limit, troupe_image *image, char *message) {
  int32_t outcome;
  ATTEMPT(outcome, read_pixels(bytes, count, pixel_limit, image, message), message);
  return outcome;
}

static int32_t write_pixels(
    const void *pixels, int32_t width, int32_t height, int32_t channels, int32_t encoding, int32_t quality,
    troupe_image *encoded) {
  size_t size = (size_t)width * (size_t)height * (size_t)channels;
  VipsImage *image = vips.vips_image_new_from_memory_copy(pixels, size, width, height, channels, VIPS_FORMAT_UCHAR);
  if (!image) return TROUPE_IMAGE_FAILED;
  VipsImage *named = NULL;
  int status = vips.vips_copy(
      image, &named, "interpretation", channels < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL);
  if (!replaced(&image, named, status)) {
    vips.g_object_unref(image);
    return TROUPE_IMAGE_FAILED;
  }
  switch (encoding) {
  case TROUPE_ENCODE_PNG:
    status = vips.vips_pngsave_buffer(image, &encoded->bytes, &encoded->count, "compression", 6, "strip", 1, NULL);
    break;
  case TROUPE_ENCODE_JPEG:
    status = vips.vips_jpegsave_buffer(
        image, &encoded->bytes, &encoded->count, "Q", quality, "optimize_coding", 1, "strip", 1, "subsample_mode",
        quality >= 90 ? VIPS_FOREIGN_SUBSAMPLE_OFF : VIPS_FOREIGN_SUBSAMPLE_AUTO, NULL);
    break;
  default:
    status = vips.vips_webpsave_buffer(
        image, &encoded->bytes, &encoded->count, "Q", quality > 0 ? quality : 75, "lossless", quality == 0, "strip", 1,
        NULL);
  }
  vips.g_object_unref(image);
  return status == 0 ? TROUPE_IMAGE_DONE : TROUPE_IMAGE_FAILED;
}

static int32_t encode(
    const void *pixels, int32_t width, int32_t height, int32_t channels, int32_t encoding, int32_t quality,
    troupe_image *encoded, char *message) {
  int32_t outcome;
  ATTEMPT(outcome, write_pixels(pixels, width, height, channels, encoding, quality, encoded), message);
  return outcome;
}

static void release(troupe_image *image) {
  vips.g_free(image->bytes);
  image->bytes = NULL;
}

static int64_t inflate(const void *bytes, size_t count, void *target, size_t room) {
  if (!vips.uncompress) return -3;
  unsigned long written = room;
  int status = vips.uncompress(target, &written, bytes, count);
  return status == 0 ? (int64_t)written : status == -5 ? -2 : -1;  // Z_BUF_ERROR
}

troupe_images troupe_images_table = {
    .has = has, .header = header, .decode = decode, .encode = encode, .release = release, .inflate = inflate};
