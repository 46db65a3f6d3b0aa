import LinearAlgebra
import SafeTensors

/// The sizes of a GLoRA layer, and which of its tensors are which.
///
/// LyCORIS computes `ΔW = scale (W · a1 · a2 + b1 · b2)` with `a1 [in, r]`, `a2 [r, in]`, `b1 [out, r]` and
/// `b2 [r, in · kernel]`; its first versions stored the two of each pair under each other's names. The rank, which is the
/// smaller side, tells them apart. A `bm [r, r, kernel…]` makes the second pair a tucker one.
struct GLoRAShape {
  var left: (a: TensorRole, b: TensorRole)
  var right: (a: TensorRole, b: TensorRole)
  var rank: Int
  var geometry: LayerGeometry

  init?(_ t: [TensorRole: TensorInfo]) {
    guard let a1 = t[.gloraA1]?.shape, let a2 = t[.gloraA2]?.shape, let b1 = t[.gloraB1]?.shape,
      let b2 = t[.gloraB2]?.shape, [a1, a2, b1, b2].allSatisfy({ $0.count >= 2 && !$0.contains(0) })
    else { return nil }
    let isSwapped = a1[0] < a1[1]
    left = isSwapped ? (.gloraA2, .gloraB2) : (.gloraA1, .gloraB1)
    right = isSwapped ? (.gloraA1, .gloraB1) : (.gloraA2, .gloraB2)
    let (leftA, rightA) = isSwapped ? (a2, a1) : (a1, a2)
    let (leftB, rightB) = isSwapped ? (b2, b1) : (b1, b2)
    rank = rightA[0]
    var kernel = Array(rightB.dropFirst(2))
    if let middle = t[.gloraMiddle]?.shape {
      guard middle.count > 2, middle[0] == leftB[1], middle[1] == rightB[0], !middle.contains(0),
        kernel.allSatisfy({ $0 == 1 })
      else { return nil }
      kernel = Array(middle.dropFirst(2))
    } else {
      guard leftB[1] == rightB[0] else { return nil }
    }
    let ones = leftA.dropFirst(2) + rightA.dropFirst(2) + leftB.dropFirst(2)
    guard leftA[1] == rank, leftA[0] == rightA[1], rightB[1] == leftA[0], ones.allSatisfy({ $0 == 1 }) else {
      return nil
    }
    geometry = LayerGeometry(outputs: leftB[0], channels: leftA[0], kernel: kernel)
  }
}

/// The part of GLoRA that depends on the base model.
enum GLoRA {
  /// `W · A` as factors, where `A = up · down` mixes the channels at every place of the kernel alike.
  ///
  /// The rank is that of `A` times the elements of the kernel: `up [out, r · k]` holds `W · A.up` of each place, and
  /// `down [r · k, in · k]` holds `A.down` at that place.
  static func mixed(_ weight: Matrix, by channels: LowRank, _ geometry: LayerGeometry) -> LowRank {
    let (places, rank, count) = (geometry.kernelSize, channels.rank, geometry.channels)
    guard places > 1 else { return LowRank(up: weight.times(channels.up), down: channels.down) }
    var ups: [Matrix] = []
    var down = Matrix(rows: rank * places, columns: count * places)
    for place in 0..<places {
      var part = Matrix(rows: weight.rows, columns: count)
      for i in 0..<weight.rows {
        for j in 0..<count { part[i, j] = weight[i, j * places + place] }
      }
      ups.append(part.times(channels.up))
      for p in 0..<rank {
        for j in 0..<count { down[place * rank + p, j * places + place] = channels.down[p, j] }
      }
    }
    return LowRank(up: .beside(ups), down: down)
  }
}
