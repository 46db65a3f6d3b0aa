internal import CTorch

/// An operator of libtorch, by the name and overload of its schema: `Operator("aten::add", "Tensor")`.
///
/// Everything that libtorch can do is reached through this type; the methods of ``Tensor`` are names for it.
@safe public struct Operator: Sendable {
  nonisolated(unsafe) private let found: Result<(Engine.Table, OpaquePointer), TorchError>

  /// Looks the operator up.
  ///
  /// A libtorch without it throws when it is called.
  public init(_ name: String, _ overload: String = "") {
    do throws(TorchError) {
      let table = unsafe try Engine.get().table
      var error: OpaquePointer?
      guard let op = unsafe table.pointee.find(name, overload, &error) else {
        throw unsafe TorchError(taking: error, from: table)
      }
      unsafe found = unsafe .success((table, op))
    } catch {
      unsafe found = unsafe .failure(error)
    }
  }

  /// Whether this libtorch has the operator.
  public var exists: Bool {
    if case .success = unsafe found { true } else { false }
  }

  /// Calls the operator.
  ///
  /// Arguments left out at the end take the schema's defaults.
  /// - Parameter room: the most tensors it may return.
  public func call(_ arguments: [Argument], room: Int = 1) throws(TorchError) -> [Tensor] {
    let (table, op) = try unsafe found.get()
    return try unsafe Marshalled.call(table, op, arguments, room: room)
  }

  /// Calls an operator that returns one tensor.
  public func callAsFunction(_ arguments: Argument...) throws(TorchError) -> Tensor {
    let results = try call(arguments)
    guard results.count == 1 else { throw TorchError(.general, "an operator returned \(results.count) tensors") }
    return results[0]
  }
}
