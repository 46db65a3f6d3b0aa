import SafeTensors

extension ModelCheckpoint {
  /// The SHA-256 of some networks' tensors as they are stored: names, formats, shapes and bytes, in the order of names.
  ///
  /// Reads the networks whole. A folder and a single file of the same weights differ, since their names do.
  /// - Throws: `SafeTensorsError`.
  package func hash(of parts: [NetworkPart]) throws -> String {
    var sum = SHA256Hash()
    for (file, tensor) in stored(parts) {
      sum.add(Array("\(tensor.name):\(tensor.dtype.rawValue):\(tensor.shape)".utf8))
      try file.withBytes(of: tensor) { sum.update($0) }
    }
    return sum.hex
  }

  private func stored(_ parts: [NetworkPart]) -> [(SafeTensorsFile, TensorInfo)] {
    let found: [(SafeTensorsFile, TensorInfo)]
    if let file {
      let prefixes = parts.flatMap { Self.prefixes[$0] ?? [] }
      found = file.header.tensors.filter { info in prefixes.contains { info.name.hasPrefix($0) } }.map { (file, $0) }
    } else {
      found = parts.flatMap { (folder[$0] ?? [:]).values.map { ($0.file, $0.tensor) } }
    }
    return found.sorted { ($0.0.path, $0.1.name) < ($1.0.path, $1.1.name) }
  }

  /// How the tensors of a network begin in a single file.
  private static let prefixes: [NetworkPart: [String]] = [
    .unet: ["model.diffusion_model."], .vae: ["first_stage_model."],
    .textEncoder1: ["cond_stage_model.", "conditioner.embedders.0."], .textEncoder2: ["conditioner.embedders.1."],
  ]
}
