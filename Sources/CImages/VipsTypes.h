// libvips' types as its functions see them. The numbers are part of its ABI (libvips.so.42).
#include <stddef.h>
#include <stdint.h>

typedef struct _VipsImage VipsImage;
typedef struct _VipsSource VipsSource;
typedef void *gpointer;
typedef char gchar;
typedef int gboolean;
typedef unsigned int guint;
typedef unsigned long guint64;
typedef unsigned long GType;
typedef int VipsBandFormat;
typedef int VipsInterpretation;
typedef int GLogLevelFlags;
typedef void (*GLogFunc)(const gchar *, GLogLevelFlags, const gchar *, gpointer);

enum { VIPS_FORMAT_UCHAR = 0, VIPS_FORMAT_USHORT = 2, VIPS_FORMAT_FLOAT = 6 };
enum {
  VIPS_INTERPRETATION_B_W = 1,
  VIPS_INTERPRETATION_XYZ = 12,
  VIPS_INTERPRETATION_LAB = 13,
  VIPS_INTERPRETATION_CMYK = 15,
  VIPS_INTERPRETATION_LABS = 21,
  VIPS_INTERPRETATION_sRGB = 22,
  VIPS_INTERPRETATION_GREY16 = 26,
  VIPS_INTERPRETATION_scRGB = 28,
};
enum { VIPS_ACCESS_SEQUENTIAL = 1 };
enum { VIPS_FAIL_ON_ERROR = 2 };
enum { VIPS_INTENT_RELATIVE = 1 };
enum { VIPS_FOREIGN_SUBSAMPLE_AUTO = 0, VIPS_FOREIGN_SUBSAMPLE_OFF = 2 };
enum { G_LOG_LEVEL_BELOW_CRITICAL = 16 | 32 | 64 | 128 };  // warning, message, info, debug
