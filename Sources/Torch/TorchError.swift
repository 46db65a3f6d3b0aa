internal import CTorch

/// What libtorch refused, in its own words, or why there is no libtorch.
public struct TorchError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller can tell apart.
  public enum Kind: Sendable, Equatable {
    /// The engine could not be opened: not built, or libtorch is not installed.
    case unavailable
    /// Memory of the machine or of the device is used up.
    case outOfMemory
    /// An index outside a tensor.
    case index
    /// This libtorch has no such operator, or none for this number format or device.
    case missing
    /// A segment that was computed again for its gradients failed.
    case callback
    /// The processes of a run do not come together, or one of them stopped.
    case processes
    /// Anything else, mostly shapes that do not fit.
    case general
  }

  /// What went wrong.
  public var kind: Kind
  /// One or more lines; libtorch's own where it comes from there.
  public var message: String

  /// Makes an error.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The message.
  public var description: String { message }

  /// Takes over an error of the table, and frees it.
  init(taking error: OpaquePointer?, from table: Engine.Table) {
    guard let error = unsafe error else {
      self.init(.general, "libtorch failed without saying why")
      return
    }
    let kind: Kind =
      switch unsafe table.pointee.error_code(error) {
      case Int32(bitPattern: TROUPE_ERROR_MEMORY.rawValue): .outOfMemory
      case Int32(bitPattern: TROUPE_ERROR_INDEX.rawValue): .index
      case Int32(bitPattern: TROUPE_ERROR_MISSING.rawValue): .missing
      case Int32(bitPattern: TROUPE_ERROR_CALLBACK.rawValue): .callback
      case Int32(bitPattern: TROUPE_ERROR_PROCESSES.rawValue): .processes
      default: .general
      }
    let message = unsafe String(cString: table.pointee.error_message(error))
    unsafe table.pointee.error_free(error)
    self.init(kind, message)
  }
}
