internal import SafeTensors

extension KohyaSampler {
  /// Where the sampler is, as JSON text: with the same blocks ``restore(_:)`` goes on with exactly the same steps.
  public var state: String {
    JSONValue.object(["kohya": .unsigned(UInt64(step)), "fingerprint": .string(fingerprint)]).text
  }

  /// What of the configuration a state depends on.
  private var fingerprint: String {
    var hash = CounterRandom(seed: loaderSeed, UInt64(accumulation)).key
    func mix(_ words: Int...) {
      for word in words { hash = CounterRandom(seed: hash, UInt64(bitPattern: Int64(word))).key }
    }
    for (block, uses) in zip(blocks, uses) {
      let rule = block.rule
      mix(block.batch, block.pictures.count, rule.resolution.width, rule.resolution.height, rule.step, rule.sizes.count)
      mix(Int(bitPattern: UInt(truncatingIfNeeded: block.priorWeight.bitPattern)))
      for (picture, use) in zip(block.pictures, uses) {
        mix(picture.picture, picture.subset, use, sizes[picture.picture].width, sizes[picture.picture].height)
      }
    }
    return String(hash, radix: 16)
  }

  /// Goes where a sampler of the same configuration was.
  /// - Throws: ``SamplerStateError``; the sampler is then as it was.
  public mutating func restore(_ state: String) throws(SamplerStateError) {
    let value = try? JSONParser.parse(state)
    guard let step = value?["kohya"]?.int, step >= 0 else {
      throw SamplerStateError(
        description: "the state is not of a run with sd-scripts' batches; resume with the matching it began with")
    }
    guard value?["fingerprint"]?.string == fingerprint else {
      throw SamplerStateError(
        description:
          "pictures, repeats, batch, resolution or seed are not those of the run that is to be resumed; restore them, or begin a new run"
      )
    }
    skip(to: step)
  }
}
