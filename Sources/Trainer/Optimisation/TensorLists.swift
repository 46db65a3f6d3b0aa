internal import Torch

/// The same operation on every tensor of a list in one call: a LoRA has more than a thousand small tensors.
///
/// On the CPU libtorch loops over the list itself; on CUDA it starts one kernel for many tensors.
enum TensorLists {
  private static let multiplyNumber = Operator("aten::_foreach_mul_", "Scalar")
  private static let multiplesNumber = Operator("aten::_foreach_mul", "Scalar")
  private static let multiplyList = Operator("aten::_foreach_mul", "List")
  private static let addNumber = Operator("aten::_foreach_add_", "Scalar")
  private static let addList = Operator("aten::_foreach_add_", "List")
  private static let subtractList = Operator("aten::_foreach_sub", "List")
  private static let divideNumber = Operator("aten::_foreach_div", "Scalar")
  private static let divideList = Operator("aten::_foreach_div_", "List")
  private static let addProducts = Operator("aten::_foreach_addcmul_", "Scalar")
  private static let addQuotients = Operator("aten::_foreach_addcdiv_", "Scalar")
  private static let roots = Operator("aten::_foreach_sqrt")
  private static let norms = Operator("aten::_foreach_norm", "Scalar")
  private static let lerp = Operator("aten::_foreach_lerp_", "Scalar")

  private static func run(_ op: Operator, _ list: [Tensor], _ arguments: Argument...) throws(TorchError) {
    // libtorch refuses empty lists.
    if list.isEmpty { return }
    _ = try op.call([.tensors(list)] + arguments, room: 0)
  }

  private static func make(_ op: Operator, _ list: [Tensor], _ arguments: Argument...) throws(TorchError) -> [Tensor] {
    if list.isEmpty { return [] }
    return try op.call([.tensors(list)] + arguments, room: list.count)
  }

  /// Multiplies every element by a number.
  static func multiply(_ list: [Tensor], by factor: Double) throws(TorchError) {
    try run(multiplyNumber, list, .double(factor))
  }

  /// The elements multiplied by a number.
  static func multiples(_ list: [Tensor], _ factor: Double) throws(TorchError) -> [Tensor] {
    try make(multiplesNumber, list, .double(factor))
  }

  /// The elementwise products.
  static func products(_ left: [Tensor], _ right: [Tensor]) throws(TorchError) -> [Tensor] {
    try make(multiplyList, left, .tensors(right))
  }

  /// Adds a number to every element.
  static func add(_ list: [Tensor], _ number: Double) throws(TorchError) { try run(addNumber, list, .double(number)) }

  /// Adds `weight · others`.
  static func add(_ list: [Tensor], _ others: [Tensor], times weight: Double = 1) throws(TorchError) {
    try run(addList, list, .tensors(others), .double(weight))
  }

  /// The differences.
  static func differences(_ left: [Tensor], _ right: [Tensor]) throws(TorchError) -> [Tensor] {
    try make(subtractList, left, .tensors(right))
  }

  /// The elements divided by a number.
  static func quotients(_ list: [Tensor], _ divisor: Double) throws(TorchError) -> [Tensor] {
    try make(divideNumber, list, .double(divisor))
  }

  /// Divides elementwise.
  static func divide(_ list: [Tensor], by others: [Tensor]) throws(TorchError) {
    try run(divideList, list, .tensors(others))
  }

  /// Adds `weight · first · second`.
  static func add(
    _ list: [Tensor], products first: [Tensor], _ second: [Tensor], times weight: Double
  ) throws(TorchError) {
    try run(addProducts, list, .tensors(first), .tensors(second), .double(weight))
  }

  /// Adds `weight · numerators / denominators`.
  static func add(
    _ list: [Tensor], quotients numerators: [Tensor], _ denominators: [Tensor], times weight: Double
  ) throws(TorchError) {
    try run(addQuotients, list, .tensors(numerators), .tensors(denominators), .double(weight))
  }

  /// The square roots.
  static func squareRoots(_ list: [Tensor]) throws(TorchError) -> [Tensor] { try make(roots, list) }

  /// Moves towards `others`: `list + weight · (others − list)`.
  static func interpolate(_ list: [Tensor], to others: [Tensor], weight: Double) throws(TorchError) {
    if lerp.exists { return try run(lerp, list, .tensors(others), .double(weight)) }
    // libtorch 1.13 has no such list operation.
    for (own, other) in zip(list, others) { try own.interpolate(to: other, weight: weight) }
  }

  /// The norm of each tensor in doubles: order 1 sums absolute values, 2 is Euclid's, infinity takes the greatest.
  ///
  /// Waits for the device, once for the whole list.
  static func norms(_ list: [Tensor], order: Double = 2) throws(TorchError) -> [Double] {
    try numbers(make(norms, list, .double(order)))
  }

  /// The values of tensors of one element.
  static func numbers(_ list: [Tensor]) throws(TorchError) -> [Double] {
    if list.isEmpty { return [] }
    return try Tensor.stacked(list).to(.f64).reshaped(-1).array()
  }
}
