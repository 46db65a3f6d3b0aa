#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "Vips.h"

struct troupe_vips troupe_vips;

static void say_nothing(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
  (void)domain, (void)level, (void)message, (void)data;
}

const troupe_images *troupe_images_open(const char *path, const char **reason) {
  static char missing[128];
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    *reason = dlerror();
    return NULL;
  }
  void *symbol;
  // dlsym looks through what libvips itself is linked to as well: GLib and zlib.
#define LOOK_UP(result, name, parameters)                                                     \
  if (!(symbol = dlsym(library, #name))) {                                                    \
    snprintf(missing, sizeof missing, "it lacks %s, so it is older than libvips 8.13", #name); \
    *reason = missing;                                                                        \
    return NULL;                                                                              \
  }                                                                                           \
  memcpy(&troupe_vips.name, &symbol, sizeof symbol);  // ISO C has no cast from object to function pointers
  TROUPE_VIPS_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
  symbol = dlsym(library, "uncompress");
  memcpy(&troupe_vips.uncompress, &symbol, sizeof symbol);

  if (troupe_vips.vips_init("troupe") != 0) {
    *reason = "it could not be started";
    return NULL;
  }
  // Pictures are decoded side by side by the caller: threads within one would only take the cores from another.
  troupe_vips.vips_concurrency_set(1);
  // Results are never asked for twice; kept ones would count as memory in use.
  troupe_vips.vips_cache_set_max(0);
  // What matters comes back as an error; the rest is not for the user's terminal.
  troupe_vips.g_log_set_handler("VIPS", G_LOG_LEVEL_BELOW_CRITICAL, say_nothing, NULL);
  troupe_images_table.major = troupe_vips.vips_version(0);
  troupe_images_table.minor = troupe_vips.vips_version(1);
  troupe_images_table.micro = troupe_vips.vips_version(2);
  if (troupe_images_table.major != 8 || troupe_images_table.minor < 13) {
    *reason = "it is not libvips 8.13 or newer";
    return NULL;
  }
  return &troupe_images_table;
}
