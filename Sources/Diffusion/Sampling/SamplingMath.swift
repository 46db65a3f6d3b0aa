#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The elementary functions that schedules need, so that Foundation stays out of the libraries.
enum SamplingMath {
  static func log(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.log(x)
    #else
    Darwin.log(x)
    #endif
  }

  static func log(_ x: Float) -> Float {
    #if canImport(Glibc)
    Glibc.logf(x)
    #else
    Darwin.logf(x)
    #endif
  }

  static func exp(_ x: Float) -> Float {
    #if canImport(Glibc)
    Glibc.expf(x)
    #else
    Darwin.expf(x)
    #endif
  }

  static func power(_ x: Double, _ y: Double) -> Double {
    #if canImport(Glibc)
    Glibc.pow(x, y)
    #else
    Darwin.pow(x, y)
    #endif
  }
}
