#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What this machine has.
enum Memory {
  /// Its memory in bytes.
  static let physical: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? pages * size : .max
  }()
}
