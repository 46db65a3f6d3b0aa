internal import Adapters
internal import Diffusion
internal import SafeTensors
internal import Torch

/// The factors of a LoRA file that training goes on from.
enum ContinuedLoRA {
  /// Reads a file for the layers that are trained.
  /// - Parameters:
  ///   - selection: the layers.
  ///   - count: how many LoRAs begin with it.
  /// - Throws: `SafeTensorsError`, `AdapterError`; ``OptimisationError`` for a file of other layers, or one whose factors
  ///   are not those of a LoRA.
  static func read(
    _ path: String, _ selection: LayerSelection, count: Int
  ) throws -> [[ModulePath: (down: Tensor, up: Tensor, alpha: Double)]] {
    let adapter = try Adapter(path: path)
    var found: [ModulePath: (down: Tensor, up: Tensor, alpha: Double)] = [:]
    let sites = Dictionary(selection.layers.map { ($0.path, $0.site) }, uniquingKeysWith: { first, _ in first })
    for module in adapter.modules {
      guard let site = sites[module.path] else {
        throw OptimisationError(
          "\(path): trains \(module.stem), which [network] leaves out; loosen targets, kind and rates, or go on from "
            + "another file")
      }
      guard [.lora, .locon].contains(module.variant), let up = module.tensors[.up], let down = module.tensors[.down],
        let rank = down.shape.first, down.shape.dropFirst().reduce(1, *) == site.shape.dropFirst().reduce(1, *),
        up.shape.first == site.shape[0]
      else {
        throw OptimisationError(
          "\(path): \(module.stem) is \(module.variant.label), or of another base model; training goes on from LoRA and "
            + "LoCon files of the same model alone")
      }
      let isKernel = site.shape.count == 4
      found[module.path] = (
        try Tensor(adapter.file.readFloats(down), shape: [rank] + site.shape.dropFirst()),
        try Tensor(adapter.file.readFloats(up), shape: [site.shape[0], rank] + (isKernel ? [1, 1] : [])),
        module.scale * Double(rank)
      )
    }
    return [[ModulePath: (down: Tensor, up: Tensor, alpha: Double)]](repeating: found, count: count)
  }
}
