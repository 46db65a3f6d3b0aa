#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// The elementary functions this module needs, so that Foundation stays out of the libraries.
extension Double {
  static func acos(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.acos(x)
    #else
    Darwin.acos(x)
    #endif
  }

  static func asin(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.asin(x)
    #else
    Darwin.asin(x)
    #endif
  }

  static func log(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.log(x)
    #else
    Darwin.log(x)
    #endif
  }

  static func exp(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.exp(x)
    #else
    Darwin.exp(x)
    #endif
  }
}
