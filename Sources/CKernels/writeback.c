#define _GNU_SOURCE  // sync_file_range, copy_file_range
#include "CKernels.h"
#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

void ck_start_writeback(int descriptor, int64_t offset, int64_t count) {
#if defined(__linux__)
  (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor; (void)offset; (void)count;
#endif
}

int64_t ck_copy_range(int source, int64_t offset, int target, int64_t count) {
#if defined(__linux__)
  off64_t from = offset;
  return copy_file_range(source, &from, target, NULL, (size_t)count, 0);
#else
  (void)source; (void)offset; (void)target; (void)count;
  return -1;
#endif
}
