import Synchronization

/// What was left out where changes over a base model were cut to a rank, gathered while layers are read.
///
/// A rotation or a DoRA changes a weight in all its directions, so that the exact factors of a large layer are as large as
/// the layer.
public final class BaseTruncation: Sendable {
  private let energies = Mutex<[ModulePath: (left: Double, total: Double)]>([:])

  /// How many layers were cut.
  public var layers: Int { energies.withLock { $0.count { $0.value.left > 0 } } }

  /// The part of the energy `‖ΔW‖²` of all layers read that was left out, from 0 to 1.
  public var discardedEnergy: Double {
    energies.withLock { energies in
      let total = energies.values.reduce(0) { $0 + $1.total }
      return total > 0 ? energies.values.reduce(0) { $0 + $1.left } / total : 0
    }
  }

  func note(_ path: ModulePath, left: Double, total: Double) {
    energies.withLock { $0[path] = (left, total) }
  }
}
