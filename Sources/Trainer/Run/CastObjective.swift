internal import Adapters
public import Diffusion
internal import Torch

/// What a step minimises: the passes through the networks that its losses need, and the gradients of their sum.
///
/// For a batch there is one pass with gradients for the pictures, one for class captions and one for bystanders where
/// they are asked for, and one without gradients through the base model for each that is held to it. Gradients of each
/// pass are added up before the next begins, so that the memory is that of one pass.
public struct CastObjective {
  let model: DiffusionModel
  let network: CastNetwork
  let encoder: CaptionEncoder
  let texts: TextCache
  /// Which losses there are, and how much each counts.
  public var plan: LossPlan
  let schedule: NoiseSchedule
  let recomputation: Recomputation
  /// Whether any LoRA acts on the text encoders.
  let trainsText: Bool

  /// An objective.
  /// - Parameters:
  ///   - recomputation: what is computed again for gradients instead of being kept; attention is always kept where its
  ///     maps are part of the loss.
  ///   - cache: where embeddings are kept on disk; nowhere by default.
  ///   - fingerprint: what tells the text encoders apart in it.
  public init(
    _ model: DiffusionModel, _ network: CastNetwork, _ encoder: CaptionEncoder, _ plan: LossPlan,
    recomputation: Recomputation = .nothing, cache: CacheFolder = CacheFolder(nil), fingerprint: String = ""
  ) throws {
    (self.model, self.network, self.encoder, self.plan) = (model, network, encoder, plan)
    schedule = try NoiseSchedule(model.configuration.schedule)
    let watches = plan.weights[.attentionLocalisation] != nil
    self.recomputation = watches ? min(recomputation, .light) : recomputation
    trainsText = network.layers.contains { $0.path.part != .unet }
    if plan.weights[.tokenFocus] != nil, ContextChanges(network).isEmpty {
      throw OptimisationError(
        "token_focus looks at keys and values of the attention to the text, and [network] trains none of them; leave "
          + "token_focus out, or train attn2.to_k and attn2.to_v")
    }
    texts = TextCache(
      encoder, fingerprint: fingerprint, folder: cache, model.precision.type, on: model.precision.device)
  }

  /// What a batch came to.
  public struct Report: Sendable {
    /// The batch's part of the step's loss.
    public var total = 0.0
    /// Every term of every sample, before weights; nil where a sample has no part in it.
    public var terms: [LossTerm: [Double?]] = [:]
  }

  /// Adds the gradients of a batch to the parameters.
  ///
  /// - Parameters:
  ///   - samples: samples of one size.
  ///   - divisor: the samples of the whole step, over all its batches and processes.
  ///   - scale: what the loss is multiplied with before gradients are taken.
  ///   - preserves: whether class captions and bystanders are computed in this step.
  /// - Throws: ``OptimisationError`` when the loss is not finite, naming the term; what the networks throw.
  public func accumulate(
    _ samples: [TrainingSample], divisor: Int, scale: Double = 1, preserves: Bool = true
  ) throws -> Report {
    var report = Report()
    guard !samples.isEmpty else { return report }
    let input = try BatchInput(samples, schedule, on: model.precision.device)
    func add(_ terms: [LossTerm: Tensor], _ members: [Int]) throws {
      let combined = try plan.combined(terms, members.map { samples[$0].weight })
      // `combined` is the mean over these samples; the step's loss is the sum over all of its samples, divided once.
      let loss = try combined.total * (Double(members.count) / Double(divisor))
      let value = try loss.item()
      for (term, values) in combined.terms where values.dimensions == 1 {
        let numbers: [Double] = try values.to(.f64).array()
        var all = report.terms[term] ?? [Double?](repeating: nil, count: samples.count)
        for (member, number) in zip(members, numbers) { all[member] = number }
        report.terms[term] = all
      }
      guard value.isFinite else {
        throw Self.infinite(
          LossTerm.allCases.first { report.terms[$0]?.contains { !($0?.isFinite ?? true) } ?? false })
      }
      report.total += value
      try (scale == 1 ? loss : loss * scale).backward()
    }
    try addPictures(input, add)
    if preserves { try addClassCaptions(input, add) }
    if preserves { try addBystanders(input, add) }
    if preserves { try addSwaps(input, add) }
    try addOrthogonality(input, share: Double(samples.count) / Double(divisor), scale: scale, &report)
    return report
  }

  private typealias Adding = (_ terms: [LossTerm: Tensor], _ members: [Int]) throws -> Void

  // MARK: - The passes

  private func addPictures(_ input: BatchInput, _ add: Adding) throws {
    let samples = input.samples
    let held = samples.indices.filter { samples[$0].target == .base }
    let hidden = plan.weights[.maskedPrior] == nil ? [] : samples.indices.filter { samples[$0].mask != nil }
    var target = input.target
    // Rows that nobody holds to the base stay zero and are never looked at.
    var base = try input.target.zerosLike()
    let known = Set(held + hidden).sorted()
    if !known.isEmpty {
      let prediction = try basePrediction(input.selected(known), samples.map(\.caption).picked(known))
      base = try input.replacing(base, at: known, by: prediction)
      let rows = try Tensor(held.map(Int64.init)).to(base.device)
      if !held.isEmpty { target = try input.replacing(target, at: held, by: base.selected(0, rows)) }
    }
    let probe = plan.weights[.attentionLocalisation].map { _ in AttentionProbe(model) }
    let (text, pass) = try conditioned(samples.map(\.caption), samples.map(\.loras), samples, probe)
    let prediction = try predict(input, text, pass)
    let losses = try plan.losses(
      prediction, target, times: samples.map(\.time), schedule, mask: plan.mask == nil ? nil : input.mask)
    var terms: [LossTerm: Tensor] = [:]
    let pictures = samples.indices.filter { samples[$0].target == .picture }
    if held.isEmpty {
      terms[.target] = losses
    } else {
      if !pictures.isEmpty {
        terms[.target] = try losses * Tensor.perSample(samples.map { $0.target == .base ? 0 : 1 }, like: losses)
      }
      terms[.basePrediction] = try losses * Tensor.perSample(samples.map { $0.target == .base ? 1 : 0 }, like: losses)
    }
    if let rule = plan.mask, let mask = input.mask, !hidden.isEmpty {
      let kept = try MaskedPrior(plan.element, mask: rule).losses(
        prediction, base: base, mask: mask, thresholds: plan.thresholds(samples.map(\.time), schedule))
      terms[.maskedPrior] = try kept * Tensor.perSample(samples.map { $0.mask == nil ? 0 : 1 }, like: kept)
    }
    if plan.weights[.tokenFocus] != nil {
      let marks = try encoder.marks(of: samples.map(\.triggers), in: samples.map(\.caption))
      let changes = try ContextChanges(network).of(text.context, samples.map(\.loras))
      terms[.tokenFocus] = try TokenFocus.losses(changes, trigger: marks.to(model.precision.device))
    }
    if let probe { terms[.attentionLocalisation] = try attention(probe, input) }
    try add(terms, Array(samples.indices))
  }

  /// How far triggers look beside their characters, averaged over the characters of a picture; nil where no sample tells
  /// where they are.
  private func attention(_ probe: AttentionProbe, _ input: BatchInput) throws -> Tensor? {
    let looked = input.samples.map(\.lookedAt)
    let (height, width) = try (input.noisy.size(2), input.noisy.size(3))
    var total: Tensor?
    for round in 0..<(looked.map(\.count).max() ?? 0) {
      let places = looked.map { $0.indices.contains(round) ? $0[round] : nil }
      let marks = try encoder.marks(of: places.map { $0?.words ?? [] }, in: input.samples.map(\.caption))
      let masks = try Tensor.concatenated(
        places.map { try $0?.mask.areaResized(height: height, width: width) ?? Tensor.ones([1, 1, height, width]) })
      let losses = try probe.losses(
        latents: (height, width), trigger: marks, masks: masks, present: places.map { $0 != nil })
      let part = try losses * Tensor.perSample(looked.map { 1 / Double(max(1, $0.count)) }, like: losses)
      total = if let total { try total + part } else { part }
    }
    return total
  }

  private func addClassCaptions(_ input: BatchInput, _ add: Adding) throws {
    guard plan.weights[.outputPreservation] != nil else { return }
    let members = input.samples.indices.filter { input.samples[$0].classCaption != nil }
    guard !members.isEmpty else { return }
    let captions = members.map { input.samples[$0].classCaption ?? "" }
    let part = try input.selected(members)
    let losses = try distance(part, captions, part.samples.map(\.loras)) {
      try OutputPreservation(plan.element).losses($0, base: $1, thresholds: $2)
    }
    try add([.outputPreservation: losses], members)
  }

  private func addBystanders(_ input: BatchInput, _ add: Adding) throws {
    guard plan.weights[.crossPrior] != nil else { return }
    let members = input.samples.indices.filter { input.samples[$0].bystander != nil }
    guard !members.isEmpty else { return }
    let part = try input.selected(members)
    let captions = part.samples.map { $0.bystanderCaption ?? $0.caption }
    let losses = try distance(part, captions, part.samples.map { $0.bystander.map { [$0] } ?? [] }) {
      try CrossPrior(plan.element).losses($0, base: $1, thresholds: $2)
    }
    try add([.crossPrior: losses], members)
  }

  private func addSwaps(_ input: BatchInput, _ add: Adding) throws {
    guard plan.weights[.swapContrast] != nil else { return }
    let members = input.samples.indices.filter { input.samples[$0].swappedCaption != nil }
    guard !members.isEmpty else { return }
    let part = try input.selected(members)
    let samples = part.samples
    let base = try basePrediction(part, samples.map(\.caption))
    let predictions = try [samples.map(\.caption), samples.map { $0.swappedCaption ?? "" }].map { captions in
      let (text, pass) = try conditioned(captions, samples.map(\.loras), samples, nil)
      return try predict(part, text, pass)
    }
    let losses = try SwapContrast().losses(predictions[0], predictions[1], base: base)
    try add([.swapContrast: losses], members)
  }

  private func addOrthogonality(_ input: BatchInput, share: Double, scale: Double, _ report: inout Report) throws {
    guard let weight = plan.weights[.factorOrthogonality], network.count > 1 else { return }
    let rule = FactorOrthogonality()
    var sum = 0.0
    for layer in network.layers {
      let factors = layer.factors.map { MaximumNorm.Factors(up: $0.up, down: $0.down, scale: $0.scale) }
      let loss = try rule.loss(factors)
      sum += try loss.item()
      try (loss * (weight * share * scale)).backward()
    }
    guard sum.isFinite else { throw Self.infinite(.factorOrthogonality) }
    report.total += sum * weight * share
    // It is of the LoRAs, whatever the samples.
    report.terms[.factorOrthogonality] = [Double?](repeating: sum, count: input.samples.count)
  }

  private static func infinite(_ term: LossTerm?) -> OptimisationError {
    OptimisationError(
      "the loss \(term.map { "\"\($0.rawValue)\" " } ?? "")is not finite; lower the learning rate, or take bf16 or f32",
      kind: .computation)
  }

  private func distance(
    _ input: BatchInput, _ captions: [String], _ routes: [[Int]],
    _ losses: (_ prediction: Tensor, _ base: Tensor, _ thresholds: [Double]) throws -> Tensor
  ) throws -> Tensor {
    let base = try basePrediction(input, captions)
    let (text, pass) = try conditioned(captions, routes, input.samples, nil)
    let prediction = try predict(input, text, pass)
    return try losses(prediction, base, plan.thresholds(input.samples.map(\.time), schedule))
  }
}

extension Array {
  /// The elements at these places.
  func picked(_ places: [Int]) -> [Element] { places.map { self[$0] } }
}
