package import SafeTensors

extension Adapter {
  /// The error that names the first tensor of a layer that holds NaN or infinite values; nil when none does.
  /// - Throws: `SafeTensorsError` when a tensor cannot be read.
  package func nonFiniteError(in module: AdapterModule) throws(SafeTensorsError) -> AdapterError? {
    for tensor in module.tensors.values.sorted(by: { $0.name < $1.name }) {
      let count = try file.nonFiniteCount(of: tensor)
      guard count > 0 else { continue }
      return AdapterError(
        path: file.path, rule: .nonFinite, key: tensor.name,
        detail: "\(count) of \(tensor.count) values are NaN or infinite; the training diverged or the file is damaged, "
          + "use an earlier save")
    }
    return nil
  }
}
