/// How often a run uses everything, by an exact dry run of its sampler.
public struct RunExposure: Sendable, Hashable {
  /// The report over the sampler's sources and pictures.
  public private(set) var report: ExposureReport
  /// Uses of each picture by each member; a member may use another's pictures with class captions.
  public private(set) var uses: [[Int: Int]]

  /// The exposure of the outline's steps; there are fewer in the report where there is nothing to draw.
  ///
  /// - Parameter progress: told the steps done and all of them, now and then.
  public init(_ outline: DatasetOutline, progress: (Int, Int) -> Void = { _, _ in }) {
    report = ExposureReport(sources: outline.sources.count, pictures: outline.pictures.pictures.count)
    var sampler = outline.sampler
    for step in 0..<outline.steps {
      guard let plan = sampler.next() else { break }
      report.add(plan)
      if step.isMultiple(of: 64) { progress(step, outline.steps) }
    }
    report.finish()
    uses = outline.members.map { _ in [:] }
    for (member, source) in zip(outline.sources, report.sources) {
      uses[member].merge(source.pictures, uniquingKeysWith: +)
    }
  }

  /// Samples of a member.
  public func samples(of member: Int) -> Int { uses[member].values.reduce(0, +) }
}
