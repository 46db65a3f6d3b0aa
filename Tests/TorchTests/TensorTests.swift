import Testing
import Torch

@Suite("Tensors") struct TensorTests {
  @Test func elementsGoInAndComeBack() throws {
    let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(tensor.shape == [2, 3])
    #expect(try tensor.transposed().array(of: Float.self) == [1, 4, 2, 5, 3, 6])
    #expect(try tensor.to(.bf16).bytes().count == 12)
    #expect(try Tensor([7] as [Double]).item() == 7)
  }

  @Test func arithmeticBroadcasts() throws {
    let column = try Tensor([1, 2] as [Float], shape: [2, 1])
    let row = try Tensor([10, 20, 30] as [Float], shape: [1, 3])
    #expect(try (column * row + 1).array(of: Float.self) == [11, 21, 31, 21, 41, 61])
    #expect(try (1 - column).array(of: Float.self) == [0, -1])
  }

  /// The first numbers of `torch.manual_seed(0); torch.randn(3)` and `torch.rand(2)` after it, in PyTorch 1.13 and 2.13.
  @Test func seedsMeanWhatTheyMeanInPyTorch() throws {
    let generator = try Generator(seed: 0)
    let numbers: [Float] = try Tensor.normal([3], using: generator).array()
    #expect(numbers == [1.540_996_1, -0.293_428_9, -2.178_789_4])
  }

  @Test func streamsGoOnWhereTheyStopped() throws {
    let generator = try Generator(seed: 5)
    _ = try Tensor.normal([17], using: generator)
    let state = try generator.state()
    let first: [Float] = try Tensor.uniform([9], using: generator).array()
    let other = try Generator(seed: 99)
    try other.restore(state)
    #expect(try Tensor.uniform([9], using: other).array(of: Float.self) == first)
    #expect(throws: TorchError.self) { try other.restore([1, 2, 3]) }
  }

  @Test func errorsSayWhatDoesNotFit() throws {
    let left = try Tensor.zeros([2, 3])
    let right = try Tensor.zeros([4, 5])
    let error = #expect(throws: TorchError.self) { try left.matrixProduct(right) }
    #expect(error?.kind == .general)
    #expect(error?.message.contains("2x3 and 4x5") == true)
    #expect(throws: TorchError.self) { try Tensor([1, 2] as [Float], shape: [3]) }
    #expect(throws: TorchError.self) { try left.array(of: Double.self) }
    #expect(throws: TorchError.self) { try left.item() }
    let index = #expect(throws: TorchError.self) { try left.selected(0, 7) }
    #expect(index?.kind == .index)
    let missing = #expect(throws: TorchError.self) { try Operator("aten::no_such_thing")(.tensor(left)) }
    #expect(missing?.kind == .missing)
    let memory = #expect(throws: TorchError.self) { try Tensor.empty([1 << 50]) }
    #expect(memory?.kind == .outOfMemory)
  }

  @Test func devicesAreNamed() throws {
    #expect(Device("cuda:1") == Device(.cuda, index: 1))
    #expect(Device("mps")?.description == "mps")
    #expect(Device("cpu:1") == nil && Device("gpu") == nil && Device("cuda:x") == nil)
    let engine = try Engine.shared.get()
    #expect(engine.devices.last == .cpu)
    #expect(!engine.version.isEmpty)
  }

  /// What nobody uses goes back to the system; what lives keeps its numbers.
  @Test func givingMemoryBackHarmsNothing() throws {
    let living = try Tensor.full([1 << 20], 3)
    for size in 18...22 { _ = try Tensor.full([1 << size], 7) }
    try Engine.shared.get().trimMemory()
    #expect(try living.minimum().item() == 3)
    #expect(try living.maximum().item() == 3)
    #expect(try Tensor.full([1 << 21], 5).mean().item() == 5)
  }
}
