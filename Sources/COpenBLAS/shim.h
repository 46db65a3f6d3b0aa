#include <cblas.h>

// OpenBLAS starts one thread per core when it is loaded, and they spin for a while in case work comes. This
// program runs BLAS on threads of its own, so they only take time from it. The library stops them before a
// fork by this function; it is exported and undocumented, hence weak.
extern int blas_thread_shutdown_(void) __attribute__((weak));

static inline void troupe_stop_blas_threads(void) {
  if (blas_thread_shutdown_) blas_thread_shutdown_();
}
