internal import CTorch

/// Runs `body` in mixed precision on a device: matrix products and convolutions in `type`, what needs range in F32.
///
/// The setting belongs to the thread, so `body` cannot wait.
public func withAutocast<R>(_ type: ScalarType, on device: Device, _ body: () throws -> R) throws -> R {
  let table = unsafe try Engine.get().table
  var error: OpaquePointer?
  if unsafe table.pointee.set_autocast(device.code, type.code, &error) != 0 {
    throw unsafe TorchError(taking: error, from: table)
  }
  defer { _ = unsafe table.pointee.set_autocast(device.code, -1, nil) }
  return try body()
}
