#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "CTorch.h"

const troupe_torch *troupe_torch_open(const char *path, const char **reason) {
  // RTLD_GLOBAL because libtorch's own libraries look one another's symbols up.
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!library) {
    *reason = dlerror();
    return NULL;
  }
  troupe_torch_entry entry;
  void *symbol = dlsym(library, TROUPE_TORCH_ENTRY);
  memcpy(&entry, &symbol, sizeof entry);  // ISO C has no cast from object to function pointers
  if (!entry) {
    *reason = "it is not Troupe's engine";
    return NULL;
  }
  const troupe_torch *table = entry(reason);
  if (table && table->abi != TROUPE_TORCH_ABI) {
    *reason = "it belongs to another version of Troupe; build both again";
    return NULL;
  }
  return table;
}

const char *troupe_torch_image(void) {
  Dl_info info;
  return dladdr((const void *)&troupe_torch_image, &info) ? info.dli_fname : NULL;
}
