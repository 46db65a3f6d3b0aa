internal import SafeTensors

/// Why a sampler's state cannot be taken up.
public struct SamplerStateError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What does not fit and what to do; a clause.
  public var description: String
}

extension CastSampler {
  private static let version = 1

  /// Where the sampler is, as JSON text: with the same plan ``restore(_:)`` goes on with exactly the same steps.
  public var state: String {
    func number(_ value: Int) -> JSONValue { .unsigned(UInt64(max(0, value))) }
    let streams = zip(streams, pooled).map { streams, pooled in
      JSONValue.array(
        zip(streams, pooled).map { stream, count in
          .object([
            "order": .array(stream.order.map(number)), "position": number(stream.position),
            "round": number(stream.round), "count": number(count),
          ])
        })
    }
    return JSONValue.object([
      "version": number(Self.version), "fingerprint": .string(fingerprint), "step": number(step),
      "given": .array(given.map(number)), "streams": .array(streams),
    ]).text
  }

  /// What of the plan a state depends on.
  private var fingerprint: String {
    var hash = CounterRandom(seed: plan.seed, UInt64(plan.batch), UInt64(plan.accumulation)).key
    func mix(_ words: Int...) {
      for word in words { hash = CounterRandom(seed: hash, UInt64(bitPattern: Int64(word))).key }
    }
    for source in plan.sources {
      mix(source.pools.count, Int(bitPattern: UInt(truncatingIfNeeded: source.rate.bitPattern)))
      for pool in source.pools {
        mix(Int(bitPattern: UInt(truncatingIfNeeded: pool.share.bitPattern)), pool.pictures.count)
        for picture in pool.pictures { mix(picture, plan.sizes[picture].width, plan.sizes[picture].height) }
      }
    }
    for rule in plan.buckets.rules { mix(rule.resolution.width, rule.resolution.height, rule.step, rule.sizes.count) }
    return String(hash, radix: 16)
  }

  /// Goes where a sampler of the same plan was.
  /// - Throws: ``SamplerStateError``; the sampler is then as it was.
  public mutating func restore(_ state: String) throws(SamplerStateError) {
    let broken = SamplerStateError(description: "the sampler's state is damaged; resume from an older checkpoint")
    let value: JSONValue
    do { value = try JSONParser.parse(state) } catch { throw broken }
    guard value["version"]?.int == Self.version else { throw broken }
    guard value["fingerprint"]?.string == fingerprint else {
      throw SamplerStateError(
        description:
          "pictures, shares, batch, resolution or seed are not those of the run that is to be resumed; restore them, or begin a new run"
      )
    }
    var result = self
    guard let step = value["step"]?.int, step >= 0, let given = value["given"]?.elements,
      let sources = value["streams"]?.elements, given.count == self.given.count, sources.count == streams.count
    else { throw broken }
    result.step = step
    for (index, source) in sources.enumerated() {
      guard let count = given[index].int, count >= 0, let pools = source.elements, pools.count == streams[index].count
      else { throw broken }
      result.given[index] = count
      for (place, pool) in pools.enumerated() {
        guard let order = pool["order"]?.elements?.compactMap(\.int), let position = pool["position"]?.int,
          let round = pool["round"]?.int, let count = pool["count"]?.int,
          result.streams[index][place].restore(order: order, position: position, round: round)
        else { throw broken }
        result.pooled[index][place] = count
      }
    }
    self = result
  }
}
