/// Random numbers for masks: the same from the same seed, layer and source, whatever runs beside it.
///
/// SplitMix64 (Steele et al. 2014), its state from FNV-1a of the layer's name.
struct MaskGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64, layer: String, source: Int) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in layer.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    state = hash ^ seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(source) &* 0xD1B5_4A32_D192_ED03
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 up to 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
