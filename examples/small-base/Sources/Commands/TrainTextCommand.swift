import ArgumentParser
import Diffusion
import SafeTensors
import Torch
import Trainer

/// `small-base train-text`: captions to states from which their tags can be told.
///
/// CLIP's encoder learns from pictures that belong to texts; this one from the tags, which say the same of a doll. What is
/// asked for is told from single states: the one that ends the text, and those that fill it up, which see all of it.
struct TrainTextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-text", abstract: "Train the text encoder; a run that was stopped goes on.")

  @Option(help: "The folder of the run's state, log and result, text.safetensors.") var work: String
  @Option(help: "The number of steps.") var steps = 800
  @Option(help: "Captions of a step.") var batch = 64
  @Option(help: "The learning rate.") var rate = 1.5e-3
  @Option(help: "The seed of everything.") var seed: UInt64 = 1

  /// The states that are asked: no caption of the generator is longer than 50 tokens.
  private static let positions = [52, 64, 76]

  func run() throws {
    try WordPieces.standard.write(to: "\(work)/tokenizer")
    let tokenizer = try CLIPTokenizer(folder: "\(work)/tokenizer")
    let learned = try LearnedParameters(seed: seed + 100)
    let configuration = SmallModel.configuration().textEncoder1
    let encoder = try CLIPTextEncoder(Parameters(learned, .textEncoder1), configuration)
    let questions = TagQuestions()
    let head = try learned.parameter(.textEncoder1, "head.weight", shape: [questions.width, configuration.width])
    let loop = try LearningLoop(
      learned.named, folder: work, name: "text", steps: steps, rate: rate, shape: .cosine(minimum: 0.02), decay: 0.99)
    func states(_ captions: [String]) throws -> [Tensor] {
      let output = try encoder(Captions.tensor(captions, tokenizer))
      return try [output.pooled] + Self.positions.map { try output.last.selected(1, $0) }
    }
    try loop.run(every: 400) { step in
      let asked = captions(step)
      let answers = try questions.answers(asked)
      return try states(asked).map { try questions.loss($0.linear(head), answers) }.reduce(Tensor.zeros([1])) {
        try $0 + $1
      }.sum() / Double(1 + Self.positions.count)
    }
    try loop.average.lent {
      try withoutGradients {
        let new = (0..<4).flatMap { captions(steps + $0) }
        let right = try questions.right(states(new)[0].linear(head), questions.answers(new))
        print("told from the end of 256 new captions: \(right) of their tags")
        var result = StoredTensors()
        result.numbers = ["right": right]
        result.add("", learned.named.filter { !$0.name.contains("head.") })
        try result.write(to: "\(work)/text.safetensors")
      }
    }
  }

  private func captions(_ step: Int) -> [String] {
    var random = CounterRandom(seed: seed, 5, UInt64(step))
    return (0..<batch).map {
      Doll.drawn(seed: seed + 7, UInt64(step * batch + $0), heldOut: false).trainingCaption(using: &random)
    }
  }
}

/// Which tag of each kind a caption has, as a question with one answer.
struct TagQuestions {
  private let kinds: [[String]]
  /// The number of all answers: the tags of each kind, and none.
  let width: Int

  init() {
    kinds = [["1girl", "1boy", ""]] + Agreement.attributes.map { $0.tags.filter { !$0.isEmpty }.sorted() + [""] }
    width = kinds.reduce(0) { $0 + $1.count }
  }

  /// 1 at each right answer, `[captions, width]`.
  func answers(_ captions: [String]) throws -> Tensor {
    var numbers: [Float] = []
    for caption in captions {
      let tags = Set(caption.split(separator: ",").map { String($0.drop { $0 == " " }) })
      for kind in kinds {
        let found = kind.firstIndex { tags.contains($0) } ?? kind.count - 1
        numbers += kind.indices.map { $0 == found ? 1 : 0 }
      }
    }
    return try Tensor(numbers, shape: [captions.count, width])
  }

  private func split(_ tensor: Tensor) throws -> [Tensor] {
    var start = 0
    return try kinds.map { kind in
      defer { start += kind.count }
      return try tensor.narrowed(1, from: start, length: kind.count)
    }
  }

  /// The cross entropy of all questions, its mean over captions.
  func loss(_ logits: Tensor, _ answers: Tensor) throws -> Tensor {
    let chosen = try zip(split(logits), split(answers)).map { try ($0.softmax() * $1).sum([1], keep: true) }
    return try 0 - Tensor.concatenated(chosen, 1).clamped(from: 1e-9).logarithm().mean()
  }

  /// The part of the questions that are answered rightly.
  func right(_ logits: Tensor, _ answers: Tensor) throws -> Double {
    let parts = try zip(split(logits), split(answers)).map { logits, answers in
      try logits.indexOfMaximum(1).equals(answers.indexOfMaximum(1)).to(.f32).mean().item()
    }
    return parts.reduce(0, +) / Double(parts.count)
  }
}
