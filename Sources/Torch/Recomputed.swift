internal import CTorch

/// A closure on its way through C.
@safe private final class SegmentBox: Sendable {
  let body: @Sendable ([Tensor]) throws -> [Tensor]
  nonisolated(unsafe) let table: Engine.Table

  init(_ table: Engine.Table, _ body: @escaping @Sendable ([Tensor]) throws -> [Tensor]) {
    unsafe self.table = unsafe table
    self.body = body
  }
}

/// Runs `body` without keeping what its gradients need, and again in the backward pass ("gradient checkpointing").
///
/// Only `inputs` are kept.
///
/// `body` must compute the same both times: random numbers are drawn before it, not in it. In the backward pass it may
/// run on another thread. Parameters that it holds receive their gradients; other tensors that need gradients must be
/// among `inputs`.
/// - Parameter outputs: the number of tensors that `body` returns.
public func recomputed(
  _ inputs: [Tensor], outputs: Int = 1, _ body: @escaping @Sendable ([Tensor]) throws -> [Tensor]
) throws(TorchError) -> [Tensor] {
  let table = unsafe try Engine.get().table
  let box = unsafe Unmanaged.passRetained(SegmentBox(table, body))
  let handles = unsafe inputs.map { unsafe $0.handle }
  var results = unsafe [OpaquePointer?](repeating: nil, count: outputs)
  var error: OpaquePointer?
  let run: troupe_segment = { context, inputs, inputCount, outputs, outputCount, error in
    let box = unsafe Unmanaged<SegmentBox>.fromOpaque(context).takeUnretainedValue()
    let table = unsafe box.table
    // The handles belong to the caller; the closure gets references of its own.
    let tensors = unsafe UnsafeBufferPointer(start: inputs, count: Int(inputCount)).map {
      unsafe Tensor(taking: table.pointee.retain($0), from: table)
    }
    do {
      let results = try box.body(tensors)
      guard results.count == Int(outputCount) else {
        throw TorchError(.general, "a segment returned \(results.count) tensors instead of \(outputCount)")
      }
      for (index, result) in results.enumerated() { unsafe outputs?[index] = table.pointee.retain(result.handle) }
      return 0
    } catch let failure {
      unsafe error?.pointee = unsafe table.pointee.error_make(
        Int32(bitPattern: TROUPE_ERROR_CALLBACK.rawValue), String(describing: failure))
      return -1
    }
  }
  let code = unsafe handles.withUnsafeBufferPointer { handles in
    unsafe results.withUnsafeMutableBufferPointer { results in
      unsafe table.pointee.checkpoint(
        run, box.toOpaque(), { unsafe Unmanaged<SegmentBox>.fromOpaque($0).release() }, handles.baseAddress,
        Int32(handles.count), results.baseAddress, Int32(outputs), &error)
    }
  }
  if code != 0 { throw unsafe TorchError(taking: error, from: table) }
  return unsafe results.compactMap { unsafe $0 }.map { unsafe Tensor(taking: $0, from: table) }
}
