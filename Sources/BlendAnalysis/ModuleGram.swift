import Adapters
import LinearAlgebra
import SafeTensors

/// One LoRA's share in a layer.
struct Participant: Sendable {
  /// The position of the LoRA among those compared.
  var index: Int
  var adapter: Adapter
  var module: AdapterModule

  /// The part of a span's largest eigenvalue below which a direction is no more than rounding of the stored factors.
  ///
  /// Rounding moves a vector by about `u/√3` of its length, where `u` is the unit roundoff of its format, so it adds
  /// eigenvalues up to `u²`; four times that leaves room. A row that a tool computed from the others and then rounded
  /// to F16 would otherwise count as a direction of its own, and point anywhere.
  var rankTolerance: Double {
    let roundoff = module.tensors.reduce(0) { $1.key == .alpha ? $0 : max($0, $1.value.dtype.unitRoundoff) }
    return max(1e-10, 4 * roundoff * roundoff)
  }
}

/// The two Gram matrices of one layer, from which every scalar of the diagnosis follows.
///
/// `A` stacks the down factors of all LoRAs, `[R, in]`, and `B` sets their up factors side by side, `[out, R]`,
/// scales folded in. Then `⟨ΔW_a, ΔW_b⟩ = ⟨B_aᵀB_b, A_aA_bᵀ⟩`, and likewise for every other number: nothing of
/// the size of ΔW is ever formed.
///
/// Factors stored in 16 bits or fewer are multiplied in single precision, panel by panel, and summed in double;
/// an entry is good to 1e-6 of its vectors' lengths, mostly to 2e-7, where F16 itself holds 5e-4. Others are multiplied
/// in double, to 1e-14.
struct ModuleGram: Sendable {
  /// The rows and columns of each participant in the Gram matrices.
  var ranges: [Range<Int>]
  /// `A Aᵀ`, `[R, R]`: what the layers read.
  var inputs: Matrix
  /// `Bᵀ B`, `[R, R]`: what they write.
  var outputs: Matrix

  /// Coordinates per panel: 128 vectors of 256 doubles are 256 KB, which stays in a core's second-level cache.
  static let panelLength = 256

  /// The memory a worker keeps from layer to layer.
  struct Panel: Sendable {
    var single: [Float] = []
    var double: [Double] = []
  }

  /// Sums up both Gram matrices of a layer.
  ///
  /// - Parameters:
  ///   - participants: the LoRAs that train the layer; all of one shape.
  ///   - panel: memory to work in, grown as needed.
  init(_ participants: [Participant], panel: inout Panel) throws {
    let sources = try participants.map(FactorSource.init)
    ranges = []
    var total = 0
    for source in sources {
      ranges.append(total..<total + source.rank)
      total += source.rank
    }
    let module = participants[0].module
    if sources.allSatisfy(\.isHalfPrecision) {
      inputs = try Self.sum(sources, ranges, module.inputs, rows: true, &panel.single) {
        $0.add(panel: $1, length: $2, rows: true)
      }
      outputs = try Self.sum(sources, ranges, module.outputs, rows: false, &panel.single) {
        $0.add(panel: $1, length: $2, rows: false)
      }
    } else {
      inputs = try Self.sum(sources, ranges, module.inputs, rows: true, &panel.double) {
        $0.add(panel: $1, length: $2, rows: true)
      }
      outputs = try Self.sum(sources, ranges, module.outputs, rows: false, &panel.double) {
        $0.add(panel: $1, length: $2, rows: false)
      }
    }
  }

  private static func sum<Number: WideNumber>(
    _ sources: [FactorSource], _ ranges: [Range<Int>], _ length: Int, rows: Bool, _ panel: inout [Number],
    add: (inout GramSum, [Number], Int) -> Void
  ) throws -> Matrix {
    let total = ranges.last?.upperBound ?? 0
    var gram = GramSum(count: total)
    if panel.count < total * panelLength { panel = Array(repeating: 0, count: total * panelLength) }
    var start = 0
    while start < length {
      let part = start..<min(start + panelLength, length)
      for (source, range) in zip(sources, ranges) {
        if rows {
          try source.copyDown(part, into: &panel, offset: range.lowerBound * part.count, stride: part.count)
        } else {
          try source.copyUp(part, into: &panel, offset: range.lowerBound, stride: total)
        }
      }
      add(&gram, panel, part.count)
      start = part.upperBound
    }
    return gram.matrix
  }
}
