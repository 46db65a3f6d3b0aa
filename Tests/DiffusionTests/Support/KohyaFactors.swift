import Adapters
import SafeTensors

/// The plain pairs of a LoRA file by layer: path, keys of down and up, alpha.
enum KohyaFactors {
  static func read(_ path: String) throws -> [(path: String, down: String, up: String, alpha: Double)] {
    let adapter = try Adapter(path: path)
    return adapter.modules.compactMap { module in
      guard let down = module.tensors[.down], let up = module.tensors[.up] else { return nil }
      return (module.path.name, down.name, up.name, module.scale * Double(module.rank))
    }
  }
}
