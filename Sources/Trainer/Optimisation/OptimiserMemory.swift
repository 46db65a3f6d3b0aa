internal import Torch

/// Tensors that an optimiser keeps for each parameter, and numbers it keeps beside them.
struct OptimiserMemory {
  private let slots: [String]
  private let names: [[String]]
  // By slot, group and parameter.
  private let tensors: [[[Tensor]]]
  /// Numbers by name; the names and counts never change.
  var numbers: [String: [Double]]

  /// Makes tensors of a slot for every parameter.
  init(
    _ groups: [ParameterGroup], _ slots: [String], numbers: [String: [Double]],
    make: (_ slot: String, _ parameter: Tensor) throws -> Tensor = { try $1.detached().zerosLike() }
  ) throws {
    self.slots = slots
    self.numbers = numbers
    names = groups.map { $0.parameters.map(\.name) }
    tensors = try slots.map { slot in
      try groups.map { try $0.parameters.map { try make(slot, $0.tensor) } }
    }
  }

  /// One slot of some parameters of a group.
  func tensors(_ slot: Int, _ group: Int, _ members: [Int]) -> [Tensor] { members.map { tensors[slot][group][$0] } }

  /// The tensors under their parameters' names, the numbers in F64.
  func state() throws -> [NamedTensor] {
    var state: [NamedTensor] = []
    forEach { state.append(NamedTensor($0, $1)) }
    for (key, values) in numbers.sorted(by: { $0.key < $1.key }) {
      state.append(NamedTensor("number/\(key)", try Tensor(values)))
    }
    return state
  }

  private func forEach(_ body: (String, Tensor) throws -> Void) rethrows {
    for (slot, kept) in zip(slots, tensors) {
      for (group, kept) in zip(names, kept) {
        for (name, tensor) in zip(group, kept) { try body("parameter/\(name)/\(slot)", tensor) }
      }
    }
  }

  /// Takes over a stored state; changes nothing when it does not fit.
  mutating func restore(_ state: [String: Tensor]) throws {
    var left = Set(state.keys)
    var copies: [(Tensor, Tensor)] = []
    func find(_ name: String, _ shape: [Int]) throws -> Tensor {
      guard let found = state[name] else {
        throw OptimisationError(
          "the optimiser state lacks \(name); resume with the optimiser and the network that the state was saved with")
      }
      guard found.shape == shape else {
        throw OptimisationError(
          "\(name) of the optimiser state has the shape \(found.shape) instead of \(shape); resume with the network "
            + "that the state was saved with")
      }
      left.remove(name)
      return found
    }
    try forEach { copies.append(($1, try find($0, $1.shape))) }
    var restored = numbers
    for (key, values) in numbers {
      restored[key] = try find("number/\(key)", [values.count]).to(.f64).array()
    }
    if let extra = left.min() {
      throw OptimisationError(
        "the optimiser state has \(extra), which this optimiser does not keep; resume with the optimiser and the "
          + "network that the state was saved with")
    }
    try withoutGradients { for (own, stored) in copies { try own.assign(stored) } }
    numbers = restored
  }
}
