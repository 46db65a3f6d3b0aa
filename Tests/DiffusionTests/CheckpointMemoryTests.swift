import Foundation
import SafeTensors
import Testing
import Torch

@testable import Diffusion

/// Memory of the whole process is measured, so this runs alone, where it is asked for.
@Suite struct CheckpointMemoryTests {
  /// A value of `/proc/self/status` in bytes.
  private func status(_ key: String) throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(key):") })
    return try #require(Int(line.filter(\.isNumber))) * 1024
  }

  /// Loading a full-size model takes its own size and little more, in the file's format and in another.
  ///
  /// The bound is issue 4's, 1.15 times the model; what the process had before is not the model's.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["TROUPE_FULL_SIZE"] != nil, "2 GB of memory: needs TROUPE_FULL_SIZE"),
    arguments: [ScalarType.f16, .bf16])
  func loadingTakesTheModelsOwnSize(_ type: ScalarType) throws {
    let folder = try CheckpointFolder()
    let path = folder.path("model.safetensors")
    let list = try CheckpointNames("sd1")
    try CheckpointFixture.writeHollow(path, list.shapes)
    let needs = list.lines.map { ParameterList.Entry(part: $0.part, name: $0.name, shape: $0.shape) }
    _ = try Tensor.zeros([1])
    // Resets the high-water mark.
    try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    let before = try status("VmRSS")
    let source = try ModelCheckpoint(path: path).load(needs, as: type)
    var kept: [Tensor] = []
    for need in needs { kept.append(try source.parameter(need.part, need.name, shape: need.shape)) }
    let size = needs.reduce(0) { $0 + 2 * $1.count }
    let peak = try status("VmHWM") - before
    print("\(type): \(size) bytes of model, \(peak) at the peak, \(Double(peak) / Double(size)) times")
    #expect(peak >= size * 9 / 10)
    #expect(Double(peak) <= 1.15 * Double(size))
    #expect(kept.count == needs.count)
  }
}
