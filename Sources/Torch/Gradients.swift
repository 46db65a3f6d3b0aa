internal import CTorch

extension Tensor {
  /// Whether operations on this tensor are recorded for gradients.
  public var requiresGradient: Bool { unsafe table.pointee.requires_grad(handle) }

  /// Makes this tensor a parameter, or no longer one.
  ///
  /// Only leaves, results of no recorded operation, can be.
  @discardableResult
  public func setRequiresGradient(_ on: Bool = true) throws(TorchError) -> Tensor {
    var error: OpaquePointer?
    if unsafe table.pointee.set_requires_grad(handle, on, &error) != 0 {
      throw unsafe TorchError(taking: error, from: table)
    }
    return self
  }

  /// The gradient that backward passes have summed up, of the tensor's own shape.
  public var gradient: Tensor? {
    guard let gradient = unsafe table.pointee.gradient(handle) else { return nil }
    return unsafe Tensor(taking: gradient, from: table)
  }

  /// Replaces the gradient, or removes it.
  public func setGradient(_ gradient: Tensor?) throws(TorchError) {
    var error: OpaquePointer?
    if unsafe table.pointee.set_gradient(handle, gradient?.handle, &error) != 0 {
      throw unsafe TorchError(taking: error, from: table)
    }
  }

  /// Adds the derivatives of this number, by every parameter it depends on, to the parameters' gradients.
  /// - Parameters:
  ///   - seed: what the derivative by this tensor is; one for a single number.
  ///   - keepGraph: whether another backward pass follows.
  public func backward(seed: Tensor? = nil, keepGraph: Bool = false) throws(TorchError) {
    var error: OpaquePointer?
    let code = unsafe withUnsafePointer(to: handle) { root in
      unsafe withUnsafePointer(to: seed?.handle) { seed in
        unsafe table.pointee.backward(root, seed, 1, keepGraph, &error)
      }
    }
    if code != 0 { throw unsafe TorchError(taking: error, from: table) }
  }

  /// The derivatives of this number by `inputs`, without touching any stored gradient; `nil` where it does not depend
  /// on an input.
  public func gradients(
    by inputs: [Tensor], seed: Tensor? = nil, keepGraph: Bool = false
  ) throws(TorchError) -> [Tensor?] {
    var error: OpaquePointer?
    let handles = unsafe inputs.map { unsafe $0.handle }
    var results = unsafe [OpaquePointer?](repeating: nil, count: inputs.count)
    let code = unsafe withUnsafePointer(to: handle) { root in
      unsafe withUnsafePointer(to: seed?.handle) { seed in
        unsafe handles.withUnsafeBufferPointer { handles in
          unsafe results.withUnsafeMutableBufferPointer { results in
            unsafe table.pointee.gradients(
              root, seed, 1, handles.baseAddress, Int32(handles.count), keepGraph, results.baseAddress, &error)
          }
        }
      }
    }
    if code != 0 { throw unsafe TorchError(taking: error, from: table) }
    return unsafe results.map { unsafe $0.map { unsafe Tensor(taking: $0, from: table) } }
  }
}

/// Runs `body` without recording operations for gradients.
///
/// The setting belongs to the thread, so `body` cannot wait.
public func withoutGradients<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
  try recordingGradients(false, body)
}

/// Runs `body` with recording on or off.
public func recordingGradients<R, E: Error>(_ on: Bool, _ body: () throws(E) -> R) throws(E) -> R {
  guard case .success(let engine) = Engine.shared else { return try body() }
  let table = unsafe engine.table
  let before = unsafe table.pointee.set_recording(on)
  defer { _ = unsafe table.pointee.set_recording(before) }
  return try body()
}

/// Whether operations of this thread are recorded for gradients.
public var isRecordingGradients: Bool {
  guard case .success(let engine) = Engine.shared else { return false }
  return unsafe engine.table.pointee.recording()
}
