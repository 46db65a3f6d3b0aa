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

// libtorch is Debian's, in the system's own folders, unless LIBTORCH names the folder of another
// (`python3 -c 'import torch; print(torch.__path__[0])'`). Its headers want C++20 from version 2.15 on, and Debian's
// 1.13 does not compile with it under clang.
let libtorch = Context.environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 }
let training = BuildSettingCondition.when(traits: ["Training"])
// C++20 turns clang modules on, which libtorch does not compile with.
var torchCompiler: [CXXSetting] = [.define("TROUPE_TRAINING", training), .unsafeFlags(["-O2", "-fno-cxx-modules"])]
var torchLinker: [LinkerSetting] = [
  .linkedLibrary("torch_cpu", training), .linkedLibrary("c10", training),
  .linkedLibrary("dl", .when(platforms: [.linux])),
]
if let libtorch {
  torchCompiler.append(
    .unsafeFlags(
      ["-isystem", "\(libtorch)/include", "-isystem", "\(libtorch)/include/torch/csrc/api/include"], training))
  // Without the run path the library would find Debian's libtorch beside the one it was built for.
  torchLinker.append(
    .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"], training))
}

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
    .library(name: "Torch", targets: ["Torch"]),
    .library(name: "Images", targets: ["Images"]),
    .library(name: "Diffusion", targets: ["Diffusion"]),
    .library(name: "Trainer", targets: ["Trainer"]),
    // Opened while the program runs, by the commands that need it: linking libtorch costs half a second at every start.
    .library(name: "TroupeTorch", type: .dynamic, targets: ["CTorchShim"]),
  ],
  traits: [
    .trait(
      name: "Training",
      description: "The models: needs libtorch. Without it everything else still builds."),
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

    // The tables of functions, and the libraries that fill them in.
    .target(name: "CTorch"),
    .target(name: "CTorchShim", dependencies: ["CTorch"], cxxSettings: torchCompiler, linkerSettings: torchLinker),
    // Not linked with libvips: it is opened when the first picture is read, and nothing of it is needed to build.
    .target(name: "CImages"),

    // MARK: - Core: bytes and numbers; they do not know each other
    .target(
      name: "SafeTensors",
      dependencies: ["CKernels", "CZstd", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: settings),
    .target(
      name: "LinearAlgebra", dependencies: ["COpenBLAS", "CLAPACKE", "CKernels"], swiftSettings: settings),

    .target(name: "TOML", swiftSettings: settings),
    .target(name: "Torch", dependencies: ["CTorch"], swiftSettings: settings),
    .target(name: "Images", dependencies: ["CImages"], swiftSettings: settings),

    // MARK: - Meaning: which layer a tensor belongs to, and what it does there
    .target(name: "Adapters", dependencies: ["SafeTensors", "LinearAlgebra"], swiftSettings: settings),

    // MARK: - Features: never import each other
    .target(
      name: "BlendAnalysis", dependencies: ["Adapters", "SafeTensors", "LinearAlgebra"],
      swiftSettings: settings),
    .target(
      name: "Merge", dependencies: ["Adapters", "SafeTensors", "LinearAlgebra"], swiftSettings: settings),

    // MARK: - Models
    .target(
      name: "Diffusion", dependencies: ["Torch", "Images", "Adapters", "SafeTensors", "LinearAlgebra"],
      swiftSettings: settings),

    // MARK: - Training
    .target(
      name: "Trainer", dependencies: ["Diffusion", "Torch", "Images", "Adapters", "SafeTensors", "TOML"],
      swiftSettings: settings),

    // MARK: - Surface
    .executableTarget(
      name: "troupe",
      dependencies: [
        "SafeTensors", "LinearAlgebra", "Adapters", "BlendAnalysis", "Merge", "Diffusion", "Torch", "Trainer", "Images",
        "TOML",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // MARK: - Measuring
    .executableTarget(
      name: "engine-benchmark", dependencies: ["Diffusion", "Torch"], path: "Benchmarks/engine",
      swiftSettings: settings),

    // MARK: - The small base: its data, its training, its measuring
    .executableTarget(
      name: "small-base",
      dependencies: [
        "Trainer", "Diffusion", "Torch", "Images", "SafeTensors", "LinearAlgebra",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "examples/small-base/Sources", swiftSettings: settings),

    // MARK: - Tests
    .testTarget(name: "SafeTensorsTests", dependencies: ["SafeTensors"], swiftSettings: testSettings),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"], swiftSettings: testSettings),
    .testTarget(name: "TorchTests", dependencies: ["Torch"], swiftSettings: testSettings),
    .testTarget(name: "ImagesTests", dependencies: ["Images"], swiftSettings: testSettings),
    .testTarget(
      name: "DiffusionTests", dependencies: ["Diffusion", "Torch", "Images", "Adapters", "SafeTensors"],
      swiftSettings: testSettings),
    .testTarget(
      name: "TrainerTests",
      dependencies: ["Trainer", "Diffusion", "Torch", "Images", "Adapters", "SafeTensors", "TOML"],
      swiftSettings: testSettings),
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
      dependencies: ["troupe", "SafeTensors", "Adapters", "BlendAnalysis", "Merge", "Images", "TOML"],
      swiftSettings: testSettings),
    .testTarget(
      name: "SmallBaseTests", dependencies: ["small-base", "Diffusion", "Images", "SafeTensors", "Trainer"],
      swiftSettings: testSettings),
    .testTarget(name: "RepositoryTests", swiftSettings: testSettings),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11,
  cxxLanguageStandard: libtorch == nil ? .cxx17 : .cxx20
)

// `scripts/test-sanitized` builds what reads files alone: sanitized code of the rest would take far longer and say nothing.
if Context.environment["TROUPE_PARSERS_ONLY"] == "1" {
  let parsers: Set = [
    "CKernels", "CZstd", "COpenBLAS", "CLAPACKE", "SafeTensors", "LinearAlgebra", "Adapters", "SafeTensorsTests",
    "AdaptersTests",
  ]
  package.targets.removeAll { !parsers.contains($0.name) }
  package.products.removeAll { !parsers.contains($0.name) }
}
