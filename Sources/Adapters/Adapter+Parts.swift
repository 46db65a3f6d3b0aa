extension Adapter {
  /// The layers that diffusers keeps apart of a layer that the file stores as one, or stores with its rows in another
  /// order; nil for all others.
  ///
  /// A part is a view: its tensors are those of the whole, and ``AdapterModule/rows`` says which rows are its own.
  ///
  /// - Parameter module: one of this adapter's layers.
  public func parts(of module: AdapterModule) -> [AdapterModule]? {
    guard module.rows == nil,
      let parts = family?.parts(of: module.path, outputs: module.outputs, inputs: module.inputs)
    else { return nil }
    return parts.map { path, rows in
      let outputs = rows.reduce(0) { $0 + $1.count }
      return AdapterModule(
        path: path, stem: module.stem, dialect: module.dialect, variant: module.variant, tensors: module.tensors,
        outputs: outputs, inputs: module.inputs, kernel: module.kernel, rank: module.rank, alpha: module.alpha,
        scale: module.scale, exactRank: min(module.exactRank, outputs, module.inputs), rows: rows)
    }
  }

  /// Adapters in which a layer is one or several everywhere, so that they can be compared and added layer by layer.
  ///
  /// Layers that one file stores as one and another keeps apart are split; those that all store alike stay as they are.
  public static func aligned(_ adapters: [Adapter]) -> [Adapter] {
    guard adapters.count > 1, adapters.contains(where: { $0.family != nil }) else { return adapters }
    let present = Set(adapters.flatMap { $0.modules.map(\.path) })
    return adapters.map { adapter in
      let own = Set(adapter.modules.map(\.path))
      let modules = adapter.modules.flatMap { module -> [AdapterModule] in
        guard let parts = adapter.parts(of: module), parts.contains(where: { present.contains($0.path) }),
          // A file that holds the same layer both ways keeps both; which of them loaders take is not known.
          !parts.contains(where: { own.contains($0.path) })
        else { return [module] }
        return parts
      }
      var result = adapter
      result.modules = modules.sorted { $0.path < $1.path }
      return result
    }
  }
}
