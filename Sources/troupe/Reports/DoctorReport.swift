import Diffusion
import Images
import Torch

/// What this machine has for models and pictures.
struct DoctorReport: Encodable {
  /// Something that is needed.
  struct Check: Encodable {
    static let names = ["engine", "pictures", "vocabulary"]

    var name: String
    var isThere: Bool
    /// What was found, or why it is missing.
    var found: String
    /// The command that mends it.
    var remedy: String?
  }

  /// The opened engine.
  struct Opened: Encodable {
    var version: String
    var path: String
    var libtorch: String?
    var devices: [String]
    /// What `--device auto --dtype auto` means here.
    var automatic: String?
    /// BLAS, oneDNN, instructions.
    var libraries: [String]
    var threads: Int
  }

  var schema = 1
  var checks: [Check] = []
  /// What could be better without being needed.
  var hints: [String] = []
  var engine: Opened?
  var readable: [String] = []
  var writable: [String] = []
  var unreadable: [String] = []
  var machine = MachineFacts()

  static func made() -> DoctorReport {
    var report = DoctorReport()
    report.lookAtEngine()
    report.lookAtPictures()
    report.lookAtVocabulary()
    return report
  }

  private mutating func lookAtEngine() {
    switch Engine.shared {
    case .failure(let error):
      checks.append(
        Check(name: "engine", isThere: false, found: error.message, remedy: Self.engineRemedy(error.message)))
    case .success(let engine):
      let choice = try? Precision()
      self.engine = Opened(
        version: engine.version, path: engine.path, libtorch: MachineFacts.loadedLibrary(named: "libtorch_cpu"),
        devices: engine.devices.map(\.description),
        automatic: choice.map { "\($0.type.rawValue) on \($0.device)" },
        libraries: Self.libraries(engine.configuration), threads: engine.threads)
      checks.append(Check(name: "engine", isThere: true, found: "libtorch \(engine.version)"))
      if machine.hasNvidiaDriver, !engine.devices.contains(where: { $0.kind == .cuda }) {
        hints.append(
          "There is an NVIDIA driver, but this libtorch cannot use it. Build with PyPI's: pip install torch; LIBTORCH=$(python3 -c 'import torch; print(torch.__path__[0])') swift build -c release"
        )
      }
      if machine.physicalCores.map({ engine.threads > $0 }) == true {
        hints.append(
          "\(engine.threads) threads share \(machine.physicalCores ?? 1) cores; TROUPE_THREADS=\(machine.physicalCores ?? 1) may be faster."
        )
      }
    }
  }

  private static func engineRemedy(_ reason: String) -> String {
    if let named = Terminal.variable("TROUPE_ENGINE"), !MachineFacts.exists(named) {
      return "unset TROUPE_ENGINE"
    }
    if reason.contains("libtorch") || reason.contains("libc10") {
      #if os(macOS)
      return
        "pip3 install torch; LIBTORCH=$(python3 -c 'import torch; print(torch.__path__[0])') swift build -c release"
      #else
      return "sudo apt-get install libtorch-dev libgloo-dev"
      #endif
    }
    return "scripts/install-dependencies && swift build -c release"
  }

  /// The lines of libtorch's own report that say what computes.
  private static func libraries(_ configuration: String) -> [String] {
    var found: [String] = []
    for line in configuration.split(separator: "\n") {
      let text = line.drop { $0 == " " || $0 == "-" }
      if text.hasPrefix("CPU capability usage: ") {
        found.append(String(text.dropFirst("CPU capability usage: ".count)))
      } else if text.hasPrefix("Intel(R) MKL-DNN v") {
        found.append("oneDNN \(text.dropFirst("Intel(R) MKL-DNN v".count).prefix { $0 != " " })")
      } else if text.hasPrefix("Build settings: "),
        let setting = text.split(separator: " ").first(where: { $0.hasPrefix("BLAS_INFO=") })
      {
        found.append("BLAS: \(setting.dropFirst("BLAS_INFO=".count).prefix { $0 != "," })")
      }
    }
    // The report names oneDNN twice.
    return found.enumerated().filter { found.firstIndex(of: $1) == $0 }.map(\.1)
  }

  private mutating func lookAtPictures() {
    do throws(ImageError) {
      let codecs = try ImageCodecs.report
      readable = codecs.readable.map(\.rawValue)
      writable = codecs.writable.map(\.rawValue)
      unreadable = codecs.missing.map(\.rawValue)
      checks.append(Check(name: "pictures", isThere: true, found: "libvips \(codecs.version)"))
    } catch {
      #if os(macOS)
      let remedy = "brew install vips"
      #else
      let remedy = "sudo apt-get install libvips42"
      #endif
      checks.append(
        Check(
          name: "pictures", isThere: false, found: error.detail,
          remedy: Terminal.variable("TROUPE_VIPS").map(MachineFacts.exists) == false ? "unset TROUPE_VIPS" : remedy))
    }
  }

  private mutating func lookAtVocabulary() {
    do throws(TokenizerError) {
      _ = try CLIPTokenizer.standard(environment: Terminal.variable)
      let path = CLIPTokenizer.standardVocabularyPath(Terminal.variable) ?? ""
      checks.append(Check(name: "vocabulary", isThere: true, found: path))
    } catch {
      checks.append(
        Check(
          name: "vocabulary", isThere: false,
          found: "\(error) (needed for models in one file; folders bring their own)",
          remedy: "scripts/fetch-vocabulary"))
    }
  }
}
