/// Which elements are the largest by magnitude, the earlier ones among equals; found by selection, in linear time.
struct Largest {
  /// For each element, whether it is among them.
  let isAmong: [Bool]

  /// Finds the `count` largest of some values.
  init(_ values: [Double], count: Int) {
    guard count > 0 else {
      isAmong = Array(repeating: false, count: values.count)
      return
    }
    guard count < values.count else {
      isAmong = Array(repeating: true, count: values.count)
      return
    }
    let threshold = Self.value(of: count - 1, in: values.map { abs($0) })
    var room = count - values.count { abs($0) > threshold }
    isAmong = values.map { value in
      if abs(value) == threshold, room > 0 {
        room -= 1
        return true
      }
      return abs(value) > threshold
    }
  }

  /// The value that has `rank` others before it in falling order (Hoare's selection, pivot by median of three).
  private static func value(of rank: Int, in values: [Double]) -> Double {
    var values = values
    var (low, high) = (0, values.count - 1)
    while low < high {
      let middle = low + (high - low) / 2
      let pivot = max(min(values[low], values[middle]), min(max(values[low], values[middle]), values[high]))
      var (i, j) = (low, high)
      while i <= j {
        while values[i] > pivot { i += 1 }
        while values[j] < pivot { j -= 1 }
        if i <= j {
          values.swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if rank <= j {
        high = j
      } else if rank >= i {
        low = i
      } else {
        return values[rank]
      }
    }
    return values[rank]
  }
}
