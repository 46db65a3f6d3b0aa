import Testing
import Torch
import Trainer

@Suite struct LossNoiseTests {
  static let cases: [(String, NoiseOptions)] = {
    var (offset, adaptive, pyramid) = (NoiseOptions(), NoiseOptions(), NoiseOptions())
    var (perturbation, all) = (NoiseOptions(), NoiseOptions())
    offset.offset = .init(0.1)
    adaptive.offset = .init(-0.05)
    adaptive.offset?.adaptive = 0.2
    pyramid.pyramid = .init(6)
    pyramid.pyramid?.discount = 0.4
    perturbation.perturbation = .init(0.1)
    all.offset = .init(0.1)
    all.offset?.isRandom = true
    all.pyramid = .init(3)
    all.perturbation = .init(0.2)
    all.perturbation?.isRandom = true
    return [
      ("plain", NoiseOptions()), ("offset", offset), ("adaptive", adaptive), ("pyramid", pyramid),
      ("perturbation", perturbation), ("all", all),
    ]
  }()

  /// Every third row and column, which is what the fixture keeps.
  private static func thinned(_ tensor: Tensor) throws -> Tensor {
    let rows = try Tensor(stride(from: 0, to: Int64(tensor.size(2)), by: 3).map { $0 })
    let columns = try Tensor(stride(from: 0, to: Int64(tensor.size(3)), by: 3).map { $0 })
    return try tensor.selected(2, rows).selected(3, columns)
  }

  @Test(arguments: cases) func noiseIsThatOfTheFormulas(name: String, options: NoiseOptions) throws {
    let fixture = try OptimiserFixture("noise")
    let latents = try fixture.tensor("latents")
    let drawn = try options.draw(latents, [Generator(seed: 40), Generator(seed: 41)])
    // The streams are the same; sums, interpolation and logarithms round differently.
    #expect(try OptimiserFixture.difference(Self.thinned(drawn.target), fixture.tensor(name)) < 1e-6)
    #expect(try OptimiserFixture.difference(Self.thinned(drawn.input), fixture.tensor("\(name).input")) < 1e-6)
    // A sample is the same alone.
    let alone = try options.draw(latents.narrowed(0, from: 1, length: 1), [Generator(seed: 41)])
    #expect(try alone.input.bytes() == drawn.input.narrowed(0, from: 1, length: 1).bytes())
  }

  @Test func timesAreThoseOfTheStreams() throws {
    let fixture = try OptimiserFixture("noise")
    func generators() throws -> [Generator] { try (40..<60).map { try Generator(seed: $0) } }
    let uniform = try TimeSampling(100..<900).draw(generators())
    #expect(try uniform.map(Double.init) == fixture.doubles("times.uniform"))
    let logit = try TimeSampling(100..<900, .logitNormal(mean: 0.5, deviation: 1.5)).draw(generators())
    #expect(try logit.map(Double.init) == fixture.doubles("times.logit"))
  }

  @Test func timesStayInTheirRange() throws {
    let generator = try Generator(seed: 1)
    let streams = [Generator](repeating: generator, count: 200)
    #expect(Set(try TimeSampling(3..<5).draw(streams)) == [3, 4])
    // So far out that the sigmoid is 1.
    #expect(Set(try TimeSampling(0..<10, .logitNormal(mean: 100, deviation: 1)).draw(streams)) == [9])
  }

  @Test func unusableNumbersAreRefused() throws {
    #expect(throws: OptimisationError.self) { try TimeSampling(5..<5) }
    #expect(throws: OptimisationError.self) { try TimeSampling(-1..<5) }
    #expect(throws: OptimisationError.self) { try TimeSampling(0..<5, .logitNormal(mean: 0, deviation: 0)) }
    let latents = try Tensor.zeros([2, 4, 8, 8])
    #expect(throws: TorchError.self) { try NoiseOptions().draw(latents, [Generator(seed: 1)]) }
    #expect(throws: TorchError.self) { try NoiseOptions().draw(Tensor.zeros([0, 4, 8, 8]), []) }
  }
}
