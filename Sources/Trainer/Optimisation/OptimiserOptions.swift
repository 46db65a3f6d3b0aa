/// Ranges that several optimisers share.
enum OptimiserOptions {
  static func check(_ beta1: Double, _ beta2: Double, epsilon: Double) throws(OptimisationError) {
    for (name, beta) in [("beta1", beta1), ("beta2", beta2)] where !(0..<1).contains(beta) {
      throw OptimisationError("\(name) of the optimiser is \(beta); it must be at least 0 and below 1")
    }
    guard epsilon > 0 else { throw OptimisationError("epsilon of the optimiser is \(epsilon); it must be above 0") }
  }
}
