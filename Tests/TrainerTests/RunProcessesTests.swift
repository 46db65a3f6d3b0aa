import Foundation
import Testing
import Torch

@testable import Trainer

/// Two processes take the steps of one with twice the batch.
@Suite(.timeLimit(.minutes(2))) struct RunProcessesTests {
  /// Processes as threads that meet at barriers: sums are taken in order, so that all have the same bits.
  private final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private let count: Int
    private var given: [Int: [[Double]]] = [:]
    private var taken: [[[Double]]] = []
    private var turn = 0
    private var left = 0

    init(_ count: Int) { self.count = count }

    /// What everybody gave, when everybody has.
    func exchange(_ rank: Int, _ lists: [[Double]]) -> [[[Double]]] {
      condition.lock()
      defer { condition.unlock() }
      while left > 0 { condition.wait() }
      given[rank] = lists
      let own = turn
      if given.count == count {
        taken = (0..<count).map { given[$0] ?? [] }
        (given, left) = ([:], count)
        turn += 1
        condition.broadcast()
      } else {
        while turn == own { condition.wait() }
      }
      left -= 1
      if left == 0 { condition.broadcast() }
      return taken
    }
  }

  private struct Member: RunProcesses {
    let meeting: Meeting
    let rank: Int
    let count: Int

    func sum(_ tensors: [Tensor]) throws {
      let all = meeting.exchange(rank, try tensors.map { try $0.to(.f64).array() })
      for (index, tensor) in tensors.enumerated() {
        let values = all[0][index].indices.map { place in Float(all.reduce(0) { $0 + $1[index][place] }) }
        try withoutGradients { _ = try tensor.assign(Tensor(values, shape: tensor.shape)) }
      }
    }

    func gather(_ numbers: [Double]) throws -> [[Double]] { meeting.exchange(rank, [numbers]).map { $0[0] } }
  }

  private struct Outcome: Sendable {
    var parameters: [[Float]]
    var records: [StepRecord]
    var validations: [[Int: Double]]
    var state: String
    var isFinished: Bool?
    var step: Int
  }

  private static func outcome(_ run: TrainingRun, _ events: CastFixture.Events) throws -> Outcome {
    Outcome(
      parameters: try run.network.parameters.map { try $0.tensor.detached().array() }, records: events.steps,
      validations: events.validations.map(\.losses), state: run.source.state, isFinished: events.isFinished,
      step: run.step)
  }

  private static func together(
    _ cast: CastConfiguration, stop: [Int?] = [nil, nil]
  ) throws -> [Result<Outcome, any Error>] {
    let meeting = Meeting(2)
    let results = Results()
    let done = DispatchGroup()
    for rank in 0..<2 {
      done.enter()
      Thread.detachNewThread {
        let result = Result {
          var options = TrainingRun.Options()
          options.processes = Member(meeting: meeting, rank: rank, count: 2)
          let flag = Flag()
          options.shouldStop = { flag.isSet }
          let events = CastFixture.Events()
          let run = try TrainingRun(
            RunPlan(cast, pictures: cast.pictures(), processes: 2), CastFixture.model(), options
          ) { event in
            events.note(event)
            if case .step(let record) = event, record.step == stop[rank] { flag.set() }
          }
          try run.run()
          return try outcome(run, events)
        }
        results.set(rank, result)
        done.leave()
      }
    }
    done.wait()
    return try (0..<2).map { try #require(results.get($0)) }
  }

  private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Int: Result<Outcome, any Error>] = [:]
    func set(_ rank: Int, _ value: Result<Outcome, any Error>) { lock.withLock { values[rank] = value } }
    func get(_ rank: Int) -> Result<Outcome, any Error>? { lock.withLock { values[rank] } }
  }

  private static func fixture(_ mode: CastConfiguration.Network.Mode) throws -> CastFixture {
    var fixture = try CastFixture()
    fixture.cast.network.mode = mode
    (fixture.cast.training.steps, fixture.cast.training.batch, fixture.cast.training.te1Rate) = (2, 1, 0)
    (fixture.cast.training.validation, fixture.cast.training.validationEvery) = (0.4, 2)
    // AdamW divides tiny gradients by themselves: rounding would be a whole step.
    fixture.cast.training.epsilon = 1e-3
    (fixture.cast.losses.orthogonality, fixture.cast.losses.outputPreservation) = (0.1, 0.5)
    return fixture
  }

  @Test(arguments: CastConfiguration.Network.Mode.allCases) func twoAreOneOfTwiceTheBatch(
    _ mode: CastConfiguration.Network.Mode
  ) throws {
    var fixture = try Self.fixture(mode)
    fixture.cast.output.folder = "two"
    let both = try Self.together(fixture.cast).map { try $0.get() }
    fixture.cast.training.batch = 2
    let (run, events) = try fixture.run(output: "one")
    try run.run()
    let one = try Self.outcome(run, events)
    #expect(both[0].parameters == both[1].parameters && both[0].state == both[1].state && both[0].state == one.state)
    let difference = NetworkFixture.difference(one.parameters, both[0].parameters)
    // Gradients are summed in another order.
    #expect(difference.greatest < 1e-5)
    let begin = try fixture.run(output: "new").run
    let moved = try NetworkFixture.difference(begin.network.parameters.map { try $0.tensor.array() }, one.parameters)
    #expect(moved.greatest > 1e-3)
    for (a, b) in zip(one.records, both[1].records) {
      #expect(abs(a.loss - b.loss) < 1e-5 * a.loss && a.samples == 2 && b.samples == 2)
      #expect(Set(a.terms.keys) == Set(b.terms.keys))
      for (term, means) in a.terms {
        for (character, mean) in means {
          #expect(abs((b.terms[term]?[character] ?? .nan) - mean) <= 1e-4 * mean + 1e-12, "\(term)")
        }
      }
      // Every step of all processes together holds every character.
      #expect(a.terms[.target]?.keys.count == 2 && b.terms[.target]?.keys.count == 2)
    }
    for (a, b) in zip(one.validations, both[1].validations) {
      #expect(a.keys.sorted() == [0, 1] && a.allSatisfy { abs((b[$0] ?? .nan) - $1) < 1e-5 * $1 })
    }
    // One set of files, written by the first: the same as the single run's but for rounding.
    let (first, second) = try (
      CastFixture.numbers(run.files.lora(0)),
      CastFixture.numbers(run.files.lora(0).replacing("/one/", with: "/two/"))
    )
    #expect(Set(first.keys) == Set(second.keys))
    for (name, values) in first {
      #expect(zip(values, second[name] ?? []).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name)")
    }
  }

  /// A signal that reaches one process before the other ends both after the same step.
  @Test func bothEndTogether() throws {
    var fixture = try Self.fixture(.shared)
    fixture.cast.output.folder = "two"
    let both = try Self.together(fixture.cast, stop: [nil, 1]).map { try $0.get() }
    #expect(both.map(\.step) == [1, 1] && both.allSatisfy { $0.isFinished == false })
    #expect(both[0].parameters == both[1].parameters)
  }

  @Test func sharesAreNeighboursAndAllThereIs() {
    for count in 1...5 {
      for samples in 0...11 {
        let parts = (0..<count).map { rank in
          Array(Member(meeting: Meeting(1), rank: rank, count: count).share(of: Array(0..<samples)))
        }
        #expect(parts.flatMap(\.self) == Array(0..<samples))
        #expect((parts.map(\.count).max() ?? 0) - (parts.map(\.count).min() ?? 0) <= 1)
      }
    }
  }
}
