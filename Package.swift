// swift-tools-version: 6.2
import PackageDescription

// What every Swift target is held to. Unsafe code must be spelled `unsafe`, so `grep unsafe Sources`
// shows where memory is handled by hand: SafeTensors and LinearAlgebra, nowhere above.
let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// Tests may use @testable and unsafe reads without ceremony, but keep the other rules.
let testSettings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "Troupe",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "troupe", targets: ["troupe"]),
    .library(name: "SafeTensors", targets: ["SafeTensors"]),
    .library(name: "LinearAlgebra", targets: ["LinearAlgebra"]),
    .library(name: "Adapters", targets: ["Adapters"]),
    .library(name: "BlendAnalysis", targets: ["BlendAnalysis"]),
    .library(name: "Merge", targets: ["Merge"]),
  ],
  traits: [
    .trait(
      name: "Training",
      description: "Train LoRAs and analyse captions on libtorch. Its targets are not part of this version."),
    .default(enabledTraits: ["Training"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // MARK: - C: foreign libraries and the few hot loops
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CLAPACKE", pkgConfig: "lapacke",
      providers: [.apt(["liblapacke-dev"]), .brew(["lapack"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    // -O3 also in debug builds: these loops touch every weight, and tests run them.
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),

    // MARK: - Core: bytes and numbers; they do not know each other
    .target(
      name: "SafeTensors",
      dependencies: ["CKernels", "CZstd", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: settings),
    .target(
      name: "LinearAlgebra", dependencies: ["COpenBLAS", "CLAPACKE", "CKernels"], swiftSettings: settings),

    // MARK: - Meaning: which layer a tensor belongs to, and what it does there
    .target(name: "Adapters", dependencies: ["SafeTensors", "LinearAlgebra"], swiftSettings: settings),

    // MARK: - Features: never import each other
    .target(
      name: "BlendAnalysis", dependencies: ["Adapters", "SafeTensors", "LinearAlgebra"],
      swiftSettings: settings),
    .target(
      name: "Merge", dependencies: ["Adapters", "SafeTensors", "LinearAlgebra"], swiftSettings: settings),

    // MARK: - Surface
    .executableTarget(
      name: "troupe",
      dependencies: [
        "SafeTensors", "LinearAlgebra", "Adapters", "BlendAnalysis", "Merge",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // MARK: - Tests
    .testTarget(name: "SafeTensorsTests", dependencies: ["SafeTensors"], swiftSettings: testSettings),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"], swiftSettings: testSettings),
    .testTarget(
      name: "AdaptersTests", dependencies: ["Adapters", "SafeTensors", "LinearAlgebra"],
      swiftSettings: testSettings),
    .testTarget(
      name: "BlendAnalysisTests",
      dependencies: ["BlendAnalysis", "Adapters", "SafeTensors", "LinearAlgebra"],
      swiftSettings: testSettings),
    .testTarget(
      name: "MergeTests", dependencies: ["Merge", "Adapters", "SafeTensors", "LinearAlgebra"],
      swiftSettings: testSettings),
    .testTarget(
      name: "troupeTests",
      dependencies: ["troupe", "SafeTensors", "Adapters", "BlendAnalysis", "Merge"],
      swiftSettings: testSettings),
    .testTarget(name: "RepositoryTests", swiftSettings: testSettings),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
