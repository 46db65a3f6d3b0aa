#include <lapacke.h>
// `lapack_int` is a macro in lapacke.h and does not import; this gives it a type name.
typedef lapack_int LAPACKEInt;
