internal import CTorch

/// Where a tensor's numbers are and its operations run.
public struct Device: Sendable, Hashable, CustomStringConvertible {
  /// The kinds of device.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case cpu, cuda, mps

    var code: Int32 {
      switch self {
      case .cpu: Int32(bitPattern: TROUPE_CPU.rawValue)
      case .cuda: Int32(bitPattern: TROUPE_CUDA.rawValue)
      case .mps: Int32(bitPattern: TROUPE_MPS.rawValue)
      }
    }
  }

  /// The kind.
  public var kind: Kind
  /// Which of several CUDA devices; 0 for the others.
  public var index: Int

  /// The processor.
  public static let cpu = Device(.cpu)

  /// Makes a device.
  public init(_ kind: Kind, index: Int = 0) {
    self.kind = kind
    self.index = index
  }

  /// Reads `cpu`, `cuda`, `cuda:1`, `mps`; `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = Kind(rawValue: String(parts[0])) else { return nil }
    guard parts.count > 1 else {
      self.init(kind)
      return
    }
    guard kind == .cuda, let index = Int(parts[1]), (0..<256).contains(index) else { return nil }
    self.init(kind, index: index)
  }

  /// `cpu`, `cuda:0`, `mps`.
  public var description: String { kind == .cuda ? "cuda:\(index)" : kind.rawValue }

  var code: troupe_device { troupe_device(type: kind.code, index: Int32(clamping: index)) }

  init(_ code: troupe_device) {
    let kind: Kind =
      switch UInt32(bitPattern: code.type) {
      case TROUPE_CUDA.rawValue: .cuda
      case TROUPE_MPS.rawValue: .mps
      default: .cpu
      }
    self.init(kind, index: Int(code.index))
  }
}
