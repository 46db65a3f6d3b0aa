internal import CTorch

/// Arguments as C sees them.
enum Marshalled {
  static func call(
    _ table: Engine.Table, _ op: OpaquePointer, _ arguments: [Argument], room: Int
  ) throws(TorchError) -> [Tensor] {
    var packed = unsafe [troupe_argument]()
    unsafe packed.reserveCapacity(arguments.count)
    // Lists of all arguments lie one after another; addresses are taken when nothing moves any more.
    var integers: [Int64] = []
    var numbers: [Double] = []
    var handles: [OpaquePointer?] = unsafe []
    var texts: [[CChar]] = []
    var starts: [Int] = []
    starts.reserveCapacity(arguments.count)

    func append(
      _ kind: troupe_argument_kind, count: Int = 0, integer: Int = 0, number: Double = 0, pointer: OpaquePointer? = nil,
      start: Int = 0
    ) {
      unsafe packed.append(
        troupe_argument(
          kind: Int32(bitPattern: kind.rawValue), count: Int32(count), integer: Int64(integer), number: number,
          pointer: UnsafeRawPointer(pointer)))
      starts.append(start)
    }
    for argument in arguments {
      switch argument {
      case .none: append(TROUPE_ARGUMENT_NONE)
      case .tensor(let tensor): unsafe append(TROUPE_ARGUMENT_TENSOR, pointer: tensor.handle)
      case .int(let value): append(TROUPE_ARGUMENT_INT, integer: value)
      case .double(let value): append(TROUPE_ARGUMENT_DOUBLE, number: value)
      case .bool(let value): append(TROUPE_ARGUMENT_BOOL, integer: value ? 1 : 0)
      case .ints(let values):
        append(TROUPE_ARGUMENT_INTS, count: values.count, start: integers.count)
        integers.append(contentsOf: values.lazy.map(Int64.init))
      case .doubles(let values):
        append(TROUPE_ARGUMENT_DOUBLES, count: values.count, start: numbers.count)
        numbers.append(contentsOf: values)
      case .tensors(let tensors):
        append(TROUPE_ARGUMENT_TENSORS, count: tensors.count, start: unsafe handles.count)
        for tensor in tensors { unsafe handles.append(tensor.handle) }
      case .optionalTensors(let tensors):
        append(TROUPE_ARGUMENT_OPTIONAL_TENSORS, count: tensors.count, start: unsafe handles.count)
        for tensor in tensors { unsafe handles.append(tensor?.handle) }
      case .device(let device):
        append(TROUPE_ARGUMENT_DEVICE, integer: Int(device.code.type) << 8 | Int(device.code.index))
      case .string(let text):
        append(TROUPE_ARGUMENT_STRING, start: texts.count)
        texts.append(Array(text.utf8CString))
      case .generator(let generator): unsafe append(TROUPE_ARGUMENT_GENERATOR, pointer: generator.handle)
      }
    }
    return try withExtendedLifetime(arguments) { () throws(TorchError) -> [Tensor] in
      try unsafe integers.withUnsafeBufferPointer { integers throws(TorchError) -> [Tensor] in
        try unsafe numbers.withUnsafeBufferPointer { numbers throws(TorchError) -> [Tensor] in
          try unsafe handles.withUnsafeBufferPointer { handles throws(TorchError) -> [Tensor] in
            for index in unsafe packed.indices {
              let start = starts[index]
              switch unsafe UInt32(bitPattern: packed[index].kind) {
              case TROUPE_ARGUMENT_INTS.rawValue:
                unsafe packed[index].pointer = UnsafeRawPointer(integers.baseAddress.map { unsafe $0 + start })
              case TROUPE_ARGUMENT_DOUBLES.rawValue:
                unsafe packed[index].pointer = UnsafeRawPointer(numbers.baseAddress.map { unsafe $0 + start })
              case TROUPE_ARGUMENT_TENSORS.rawValue, TROUPE_ARGUMENT_OPTIONAL_TENSORS.rawValue:
                unsafe packed[index].pointer = UnsafeRawPointer(handles.baseAddress.map { unsafe $0 + start })
              default: break
              }
            }
            return try unsafe withTexts(texts, into: &packed, starts: starts) { packed throws(TorchError) in
              try unsafe invoke(table, op, packed, room: room)
            }
          }
        }
      }
    }
  }

  /// Texts are rare, and their arrays do not lie together, so they are copied.
  private static func withTexts(
    _ texts: [[CChar]], into packed: inout [troupe_argument], starts: [Int],
    _ body: ([troupe_argument]) throws(TorchError) -> [Tensor]
  ) throws(TorchError) -> [Tensor] {
    guard !texts.isEmpty else { return try unsafe body(packed) }
    let copies = unsafe texts.map { text in
      let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
      _ = unsafe copy.initialize(from: text)
      return unsafe copy
    }
    defer { unsafe copies.forEach { unsafe $0.deallocate() } }
    for index in unsafe packed.indices
    where unsafe UInt32(bitPattern: packed[index].kind) == TROUPE_ARGUMENT_STRING.rawValue {
      unsafe packed[index].pointer = UnsafeRawPointer(copies[starts[index]].baseAddress)
    }
    return try unsafe body(packed)
  }

  private static func invoke(
    _ table: Engine.Table, _ op: OpaquePointer, _ packed: [troupe_argument], room: Int
  ) throws(TorchError) -> [Tensor] {
    var error: OpaquePointer?
    var outputs = unsafe [OpaquePointer?](repeating: nil, count: room)
    let written = unsafe packed.withUnsafeBufferPointer { packed in
      unsafe outputs.withUnsafeMutableBufferPointer { outputs in
        unsafe table.pointee.call(
          op, packed.baseAddress, Int32(packed.count), outputs.baseAddress, Int32(room), &error)
      }
    }
    guard written >= 0 else { throw unsafe TorchError(taking: error, from: table) }
    return unsafe outputs.prefix(Int(written)).compactMap { unsafe $0 }.map { unsafe Tensor(taking: $0, from: table) }
  }
}
