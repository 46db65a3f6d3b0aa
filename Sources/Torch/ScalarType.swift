internal import CTorch

/// The number format of a tensor's elements.
public enum ScalarType: String, Sendable, Hashable, CaseIterable {
  case u8, i8, i16, i32, i64, bool
  case f16, bf16, f32, f64

  /// PyTorch's number of the format.
  var code: Int32 {
    let code =
      switch self {
      case .u8: TROUPE_U8
      case .i8: TROUPE_I8
      case .i16: TROUPE_I16
      case .i32: TROUPE_I32
      case .i64: TROUPE_I64
      case .f16: TROUPE_F16
      case .f32: TROUPE_F32
      case .f64: TROUPE_F64
      case .bool: TROUPE_BOOL
      case .bf16: TROUPE_BF16
      }
    return Int32(bitPattern: code.rawValue)
  }

  /// `nil` for formats that Troupe does not compute in (complex numbers, quantised ones).
  init?(code: Int32) {
    guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }

  /// The size of one element in bytes.
  public var size: Int {
    switch self {
    case .u8, .i8, .bool: 1
    case .i16, .f16, .bf16: 2
    case .i32, .f32: 4
    case .i64, .f64: 8
    }
  }

  /// Whether the elements are floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64: true
    default: false
    }
  }
}
