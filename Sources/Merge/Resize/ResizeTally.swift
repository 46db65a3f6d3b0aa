import Adapters
import SafeTensors

/// Sums over layers of what a cut keeps, from which shares are formed last.
struct ResizeTally {
  private var energy = 0.0
  private var keptEnergy = 0.0
  private var sum = 0.0
  private var keptSum = 0.0
  private var before: [Int] = []
  private var after: [Int] = []
  private var bytesBefore = 0
  private var bytesAfter = 0

  /// Adds a layer with these singular values, cut to a rank.
  mutating func add(_ values: [Double], rank: Int, layer: ResizePlan.Layer, bytesAfter: Int) {
    // Smallest first, so that small terms are not lost in a large sum.
    let rest = values.dropFirst(rank).reversed()
    let kept = values.prefix(rank).reversed()
    keptEnergy += kept.reduce(0) { $0 + $1 * $1 }
    energy += rest.reduce(0) { $0 + $1 * $1 } + kept.reduce(0) { $0 + $1 * $1 }
    keptSum += kept.reduce(0, +)
    sum += rest.reduce(0, +) + kept.reduce(0, +)
    before.append(layer.module.exactRank)
    after.append(rank)
    bytesBefore += layer.module.tensors.values.reduce(0) { $0 + $1.range.count }
    self.bytesAfter += bytesAfter
  }

  var retainedEnergy: Double { energy > 0 ? (keptEnergy / energy).squareRoot() : 1 }
  var retainedSum: Double { sum > 0 ? keptSum / sum : 1 }
  var isEmpty: Bool { after.isEmpty }
  /// `‖ΔW‖²`.
  var squaredNorm: Double { energy }

  func summary(_ part: String, bytes: (before: Int, after: Int)? = nil) -> ResizeReport.Summary {
    ResizeReport.Summary(
      part: part, modules: after.count, before: .init(before), after: .init(after), retainedEnergy: retainedEnergy,
      retainedSum: retainedSum, bytesBefore: bytes?.before ?? bytesBefore, bytesAfter: bytes?.after ?? bytesAfter)
  }
}
