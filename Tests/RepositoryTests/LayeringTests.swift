import Foundation
import Testing

/// The rules of ARCHITECTURE.md that a compiler does not enforce.
@Suite struct LayeringTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every Swift file of a target with the modules it imports.
  static func imports(of target: String) throws -> [(file: String, module: String)] {
    let folder = root.appending(path: "Sources/\(target)")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.flatMap { file in
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        guard let at = words.firstIndex(of: "import"), at < 2, words.count > at + 1 else { return nil }
        return (file.lastPathComponent, String(words[at + 1]))
      }
    }
  }

  /// What each target may import of this package and of C; the standard library and packages are not listed.
  static let allowed: [String: Set<String>] = [
    "SafeTensors": ["CKernels", "CZstd"],
    "LinearAlgebra": ["CKernels", "COpenBLAS", "CLAPACKE"],
    "Adapters": ["SafeTensors", "LinearAlgebra"],
    "BlendAnalysis": ["Adapters", "SafeTensors", "LinearAlgebra"],
    "Merge": ["Adapters", "SafeTensors", "LinearAlgebra"],
    "TOML": [],
    "Torch": ["CTorch"],
    "Images": ["CImages"],
    "Diffusion": ["Torch", "Images", "Adapters", "SafeTensors", "LinearAlgebra"],
    "Trainer": ["Diffusion", "Torch", "Images", "Adapters", "SafeTensors", "TOML"],
    "troupe": [
      "Adapters", "SafeTensors", "LinearAlgebra", "BlendAnalysis", "Merge", "Diffusion", "Torch", "Trainer", "Images",
      "TOML",
    ],
  ]

  @Test(arguments: allowed.keys.sorted()) func importsPointDownOnly(target: String) throws {
    let own = Set(Self.allowed.keys).union(["CKernels", "CZstd", "COpenBLAS", "CLAPACKE", "CTorch", "CImages"])
    let found = try Self.imports(of: target)
    #expect(!found.isEmpty || Self.allowed[target]?.isEmpty == true)
    for (file, module) in found where own.contains(module) {
      #expect(Self.allowed[target]?.contains(module) == true, "\(target)/\(file) imports \(module)")
    }
  }

  @Test func foundationStaysInTheSurface() throws {
    for target in Self.allowed.keys where target != "troupe" {
      for (file, module) in try Self.imports(of: target) {
        #expect(!module.hasPrefix("Foundation"), "\(target)/\(file) imports \(module)")
      }
    }
  }

  @Test(arguments: ["Adapters", "BlendAnalysis", "Merge", "Diffusion", "Trainer", "TOML"])
  func unsafeCodeStaysInTheLowestLayers(
    target: String
  ) throws {
    let folder = Self.root.appending(path: "Sources/\(target)")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(!text.contains("unsafe "), "\(target)/\(file.lastPathComponent) has unsafe code")
    }
  }
}
