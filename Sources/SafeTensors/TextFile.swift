#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Small files that stand beside the weights.
package enum TextFile {
  /// The bytes of a file, or nil when there is no such file.
  /// - Throws: ``SafeTensorsError`` when it is there and cannot be read.
  package static func contents(_ path: String) throws(SafeTensorsError) -> [UInt8]? {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    let contents = try OpenedContents.open(path: path, isContainer: false)
    return try contents.copy(0..<contents.count)
  }
}
