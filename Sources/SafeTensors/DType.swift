/// A number format of the safetensors container, named as in the file.
///
/// The cases stand in the order of the reference implementation 0.8.0, because its writer sorts tensors by
/// it (largest first) and a file that is to have the same bytes must do likewise.
public enum DType: String, CaseIterable, Sendable, Hashable, Codable {
  case bool = "BOOL"
  case f4 = "F4"
  case f6E2M3 = "F6_E2M3"
  case f6E3M2 = "F6_E3M2"
  case u8 = "U8"
  case i8 = "I8"
  case f8E5M2 = "F8_E5M2"
  case f8E4M3 = "F8_E4M3"
  case f8E8M0 = "F8_E8M0"
  case f8E4M3FNUZ = "F8_E4M3FNUZ"
  case f8E5M2FNUZ = "F8_E5M2FNUZ"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case c64 = "C64"
  case f64 = "F64"
  case i64 = "I64"
  case u64 = "U64"

  /// The size of one element in bits; 4 and 6 for the packed formats.
  public var bitWidth: Int {
    switch self {
    case .f4: 4
    case .f6E2M3, .f6E3M2: 6
    case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .c64, .f64, .i64, .u64: 64
    }
  }

  /// Whether the elements are floating-point numbers a weight may be stored in.
  public var isFloatingPoint: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16, .f8E4M3, .f8E5M2, .f8E4M3FNUZ, .f8E5M2FNUZ: true
    default: false
    }
  }

  /// The greatest relative error of rounding a number to this format, `2^-(explicit mantissa bits + 1)`; 0 for
  /// formats that weights are not rounded to.
  public var unitRoundoff: Double {
    switch self {
    case .f64: 0x1p-53
    case .f32: 0x1p-24
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    case .f8E4M3, .f8E4M3FNUZ: 0x1p-4
    case .f8E5M2, .f8E5M2FNUZ: 0x1p-3
    default: 0
    }
  }

  /// The place in the reference writer's order; greater is written first.
  var writingRank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
