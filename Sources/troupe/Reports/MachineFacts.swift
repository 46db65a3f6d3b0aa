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

/// What the operating system says about the machine.
struct MachineFacts: Encodable {
  /// What the system calls processors, two a core where a core runs two threads.
  var cores = ComputeOptions.cores
  /// `nil` where the system does not tell.
  var physicalCores = MachineFacts.countPhysicalCores()
  /// Bytes of memory.
  var memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  /// Bytes that programs can still take; `nil` where the system does not tell.
  var availableMemory = MachineFacts.countAvailableMemory()
  /// Whether an NVIDIA driver runs.
  var hasNvidiaDriver = MachineFacts.exists("/proc/driver/nvidia/version")

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// The file of a library of this process.
  static func loadedLibrary(named name: String) -> String? {
    lines("/proc/self/maps").lazy.compactMap { line in
      line.firstIndex(of: "/").map { String(line[$0...]) }
    }.first { $0.split(separator: "/").last?.hasPrefix(name) == true }
  }

  /// The lines of a file of the system, whose length is only known at its end.
  private static func lines(_ path: String) -> [Substring] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  private static func countPhysicalCores() -> Int? {
    #if canImport(Glibc)
    var found: Set<String> = []
    var package = Substring()
    for line in lines("/proc/cpuinfo") {
      if line.hasPrefix("physical id") { package = line }
      if line.hasPrefix("core id") { found.insert("\(package) \(line)") }
    }
    return found.isEmpty ? nil : found.count
    #else
    var count: Int32 = 0
    var size = MemoryLayout<Int32>.size
    return unsafe sysctlbyname("hw.physicalcpu", &count, &size, nil, 0) == 0 ? Int(count) : nil
    #endif
  }

  private static func countAvailableMemory() -> Int? {
    let line = lines("/proc/meminfo").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
