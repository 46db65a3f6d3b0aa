#define _GNU_SOURCE  // sync_file_range, fallocate, O_DIRECT
#include "CKernels.h"
#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#endif

void ck_start_writeback(int descriptor, int64_t offset, int64_t count) {
#if defined(__linux__)
  (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor; (void)offset; (void)count;
#endif
}

int ck_open_direct(const char *path) {
#if defined(__linux__)
  return open(path, O_WRONLY | O_CLOEXEC | O_DIRECT);
#else
  (void)path;
  return -1;
#endif
}

int ck_reserve(int descriptor, int64_t count) {
#if defined(__linux__)
  int result;
  do result = fallocate(descriptor, 0, 0, count);
  while (result != 0 && errno == EINTR);
  // Not every file system can; whether there is room shows later then.
  return result == 0 || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL ? 0 : errno;
#else
  (void)descriptor; (void)count;
  return 0;
#endif
}
