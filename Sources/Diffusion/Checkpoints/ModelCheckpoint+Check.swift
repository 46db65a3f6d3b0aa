import Adapters

extension ModelCheckpoint {
  /// Compares what a model needs with what is here, before any number is read.
  ///
  /// - Parameter needs: the model's parameters, as a ``ParameterList`` collects them.
  /// - Throws: one ``CheckpointError`` that names every network with missing or misshapen parameters, how many, and the
  ///   first few.
  public func check(_ needs: [ParameterList.Entry]) throws(CheckpointError) {
    var faults: [String] = []
    var isMisshapen = false
    for part in NetworkPart.allCases {
      let own = needs.filter { $0.part == part }
      guard !own.isEmpty else { continue }
      var missing: [String] = []
      var misshapen: [String] = []
      for need in own {
        guard let shape = shape(part, need.name) else {
          missing.append(need.name)
          continue
        }
        if !shape.holds(need.shape) { misshapen.append("\(need.name) is \(shape), not \(need.shape)") }
      }
      if missing.count == own.count, !parts.contains(part) {
        faults.append("there is no \(part.label) (\(own.count == 1 ? missing[0] : "\(own.count) parameters"))")
      } else if !missing.isEmpty {
        faults.append("the \(part.label) lacks \(missing.count) of \(own.count) parameters (\(Self.firstOf(missing)))")
      }
      if !misshapen.isEmpty {
        isMisshapen = true
        faults.append(
          "\(misshapen.count) of \(own.count) parameters of the \(part.label) have another shape (\(Self.firstOf(misshapen)))"
        )
      }
    }
    guard !faults.isEmpty else { return }
    let advice =
      isMisshapen
      ? "the file is a \(configuration.family.label) model of other sizes than the one it was to be read into"
      : "give a complete model"
    throw CheckpointError(path: path, rule: .parameters, detail: "\(faults.joined(separator: "; ")): \(advice)")
  }

  private static func firstOf(_ names: [String]) -> String {
    names.prefix(3).map { $0.count > 160 ? "\($0.prefix(159))…" : $0 }.joined(separator: ", ")
      + (names.count > 3 ? ", …" : "")
  }
}
