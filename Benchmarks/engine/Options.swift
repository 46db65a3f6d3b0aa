import Diffusion
import Torch

/// What to measure, from the command line.
struct Options {
  var family = "sdxl"
  var resolution = 1024
  var type = ScalarType.bf16
  var recomputation = Recomputation.nothing
  var targetsAll = false
  var forwardOnly = false
  var steps = 1
  var batch = 1
  var device = Device.cpu
  var threads = 0
  /// Where to write the random model, instead of measuring.
  var save: String?
  /// Whether text encoders and autoencoder are written too.
  var whole = false
  /// The single file to measure; random numbers unless given.
  var checkpoint: String?

  init(_ arguments: [String]) throws {
    var rest = arguments.dropFirst()
    func fail(_ text: String) -> DiffusionError { DiffusionError("engine-benchmark: \(text)") }
    func value() throws -> String {
      guard let text = rest.popFirst() else { throw fail("an option lacks its value") }
      return text
    }
    func number() throws -> Int {
      let text = try value()
      guard let number = Int(text), number > 0 else { throw fail("\(text) is no whole number above 0") }
      return number
    }
    while let argument = rest.popFirst() {
      switch argument {
      case "sdxl", "sd15": family = argument
      case "--resolution": resolution = try number()
      case "--batch": batch = try number()
      case "--steps": steps = try number()
      case "--threads": threads = try number()
      case "--type":
        guard let type = ScalarType(rawValue: try value()) else { throw fail("unknown number format") }
        self.type = type
      case "--recompute":
        guard let kind = Recomputation(rawValue: try value()) else { throw fail("unknown kind of recomputation") }
        recomputation = kind
      case "--targets": targetsAll = try value() == "all"
      case "--forward": forwardOnly = true
      case "--save": save = try value()
      case "--whole": whole = true
      case "--from": checkpoint = try value()
      case "--device":
        guard let device = Device(try value()) else { throw fail("unknown device") }
        self.device = device
      default: throw fail("unknown argument \(argument)")
      }
    }
  }
}
