import ArgumentParser

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import SafeTensors

/// Text files that the program writes.
enum OutputFile {
  /// Writes a text under a temporary name and renames it, so that a reader never sees half of it.
  static func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw SafeTensorsError(path: path, rule: .cannotWrite, detail: "cannot be written: \(error)")
    }
  }

  /// Stops a command whose output is one of its inputs.
  static func refuseOriginal(_ path: String, _ output: String) throws {
    guard !isSame(path, output) else {
      throw ValidationError("--output \(output) is the file being read; originals are never replaced.")
    }
  }

  /// Whether two paths lead to the same existing file, links followed.
  static func isSame(_ a: String, _ b: String) -> Bool {
    var (left, right) = (stat(), stat())
    guard unsafe stat(a, &left) == 0, unsafe stat(b, &right) == 0 else { return false }
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino
  }
}
