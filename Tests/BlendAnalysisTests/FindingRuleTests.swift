import Adapters
import Testing

@testable import BlendAnalysis

/// Each rule at both sides of its threshold.
@Suite("Finding rules")
struct FindingRuleTests {
  private func ids(_ findings: [Finding]) -> Set<String> { Set(findings.map(\.id)) }

  private func finding(_ id: String, in findings: [Finding]) throws -> Finding {
    let found = findings.filter { $0.id == id }
    #expect(found.count == 1)
    let finding = try #require(found.first)
    #expect(!finding.evidence.isEmpty && !finding.meaning.isEmpty && !finding.advice.isEmpty)
    #expect(Finding.names.contains(id))
    return finding
  }

  @Test func nothingToSay() {
    let report = MadeReport.report()
    #expect(OverlapFindings.all(report).isEmpty && BalanceFindings.all(report).isEmpty)
    #expect(CompatibilityFindings.all(report, analysis: MadeReport.noAnalysis).isEmpty)
  }

  // MARK: - Overlap

  @Test func nearDuplicate() throws {
    let copy = OverlapFindings.all(
      MadeReport.report(
        MadeReport.measures(cosine: 0.91, cosineZ: 500, reads: (0.9, 100), writes: (0.9, 100))))
    let found = try finding("near-duplicate", in: copy)
    #expect(found.severity == .high && found.pair == ["a", "b"] && found.evidence.contains("0.910"))
    // Identity explains all other overlap, so nothing else is said.
    #expect(ids(copy) == ["near-duplicate"])
    let near = OverlapFindings.all(MadeReport.report(MadeReport.measures(cosine: 0.89, cosineZ: 500)))
    #expect(!ids(near).contains("near-duplicate"))
  }

  @Test func sameLineage() throws {
    func findings(down: Double, up: Double, cosine: Double = 0.5) -> [Finding] {
      OverlapFindings.all(
        MadeReport.report(
          MadeReport.measures(cosine: cosine, cosineZ: 100),
          shared: MadeReport.initialisation(down: down, up: up)))
    }
    // z = 8 · 4 · mean cosine: 0.9 makes 28.8, 0.24 makes 7.7.
    #expect(try finding("same-lineage", in: findings(down: 0.9, up: 0.21)).severity == .medium)
    #expect(!ids(findings(down: 0.9, up: 0.21)).contains("shared-init"))
    #expect(!ids(findings(down: 0.9, up: 0.19)).contains("same-lineage"))
    #expect(!ids(findings(down: 0.24, up: 0.9)).contains("same-lineage"))
    #expect(!ids(findings(down: 0.9, up: 0.9, cosine: 0.95)).contains("same-lineage"))
  }

  @Test func sharedInit() throws {
    func findings(down: Double, up: Double, others: Double = 0) -> [Finding] {
      OverlapFindings.all(
        MadeReport.report(shared: MadeReport.initialisation(down: down, up: up, others: others)))
    }
    #expect(try finding("shared-init", in: findings(down: 0.26, up: 0)).severity == .info)
    #expect(!ids(findings(down: 0.24, up: 0)).contains("shared-init"))
    #expect(!ids(findings(down: 0.9, up: 0, others: 0.06)).contains("shared-init"))
  }

  @Test func readsAlike() throws {
    func findings(_ excess: Double, _ z: Double, down: Double = 0) -> [Finding] {
      OverlapFindings.all(
        MadeReport.report(
          MadeReport.measures(reads: (excess, z)), shared: MadeReport.initialisation(down: down, up: 0)))
    }
    let found = try finding("reads-alike", in: findings(0.06, 9))
    #expect(found.severity == .low && found.evidence.contains("down1 cross-attn k"))
    #expect(try finding("reads-alike", in: findings(0.21, 9)).severity == .medium)
    #expect(ids(findings(0.04, 9)).isEmpty && ids(findings(0.06, 7)).isEmpty)
    // A shared seed explains it.
    #expect(try finding("reads-alike", in: findings(0.21, 9, down: 0.9)).severity == .info)
  }

  @Test func writesAlike() throws {
    func findings(_ excess: Double, _ z: Double) -> [Finding] {
      OverlapFindings.all(MadeReport.report(MadeReport.measures(writes: (excess, z))))
    }
    #expect(try finding("writes-alike", in: findings(0.06, 9)).severity == .low)
    #expect(try finding("writes-alike", in: findings(0.21, 9)).severity == .medium)
    #expect(ids(findings(0.04, 9)).isEmpty && ids(findings(0.06, 7)).isEmpty)
  }

  @Test func direction() throws {
    func findings(_ cosine: Double, _ z: Double) -> [Finding] {
      OverlapFindings.all(MadeReport.report(MadeReport.measures(cosine: cosine, cosineZ: z)))
    }
    let adds = try finding("reinforces", in: findings(0.03, 6))
    #expect(adds.severity == .low && adds.evidence.contains("+0.030"))
    #expect(adds.advice.contains("/loras/a.safetensors") && adds.advice.contains("/loras/b.safetensors"))
    #expect(try finding("reinforces", in: findings(0.3, 60)).severity == .medium)
    let takes = try finding("cancels", in: findings(-0.03, -6))
    #expect(takes.severity == .low && takes.evidence.contains("-0.030"))
    #expect(try finding("cancels", in: findings(-0.3, -60)).severity == .medium)
    for (cosine, z) in [(0.03, 4.9), (0.019, 6), (-0.03, -4.9), (-0.019, -6)] {
      #expect(ids(findings(cosine, z)).isEmpty)
    }
  }

  @Test func withoutCommonLayersNothingOverlaps() {
    let measures = MadeReport.measures(
      cosine: 0.95, cosineZ: 500, reads: (0.5, 50), writes: (0.5, 50), modules: 0)
    #expect(OverlapFindings.all(MadeReport.report(measures)).isEmpty)
  }

  // MARK: - Balance

  @Test func unequalStrength() throws {
    func findings(_ a: Double, _ b: Double, strength: Double = 1) -> [Finding] {
      BalanceFindings.all(
        MadeReport.report(loras: [
          MadeReport.lora("a", norm: a, strength: strength), MadeReport.lora("b", norm: b),
        ]))
    }
    let found = try finding("unequal-strength", in: findings(1.6, 1, strength: 0.8))
    #expect(found.severity == .low && found.pair == ["a", "b"] && found.evidence.contains("1.6 times"))
    #expect(found.advice.contains("/loras/a.safetensors:0.50 /loras/b.safetensors:1.00"))
    #expect(
      try finding("unequal-strength", in: findings(1, 3.1)).pair == ["b", "a"], "the stronger comes first")
    #expect(try finding("unequal-strength", in: findings(1, 3.1)).severity == .medium)
    #expect(try finding("unequal-strength", in: findings(10, 1)).advice.contains("troupe merge"))
    let wide = try finding("unequal-strength", in: findings(1, 10.1))
    #expect(wide.pair == ["b", "a"] && wide.severity == .medium)
    #expect(wide.advice.contains("`troupe inspect --no-weights /loras/b.safetensors /loras/a.safetensors`"))
    for (a, b) in [(1.49, 1.0), (1, 1.49), (0, 1), (1, 0)] { #expect(ids(findings(a, b)).isEmpty) }
  }

  @Test func textEncoders() throws {
    func findings(_ a: Double?, _ b: Double?) -> [Finding] {
      BalanceFindings.all(
        MadeReport.report(loras: [MadeReport.lora("a", textNorm: a), MadeReport.lora("b", textNorm: b)]))
    }
    let found = try finding("text-encoders", in: findings(0.1, 0.2))
    #expect(found.pair == ["a", "b"] && found.evidence.contains("2 of 2"))
    #expect(ids(findings(0.1, nil)).isEmpty && ids(findings(0.1, 0)).isEmpty)
  }

  @Test func theSum() throws {
    func findings(_ ratio: Double?) -> [Finding] {
      BalanceFindings.all(MadeReport.report(energyRatio: ratio))
    }
    #expect(try finding("sum-overdriven", in: findings(1.21)).advice.contains("0.91"))
    #expect(try finding("sum-cancels", in: findings(0.79)).pair.isEmpty)
    for ratio in [0.81, 1, 1.19, nil] { #expect(ids(findings(ratio)).isEmpty) }
  }

  // MARK: - Compatibility

  private func compatibility(
    _ a: LoRASummary, _ b: LoRASummary, modules: Int = 10, misshapen: [ModulePath] = []
  ) -> [Finding] {
    CompatibilityFindings.all(
      MadeReport.report(MadeReport.measures(modules: modules), loras: [a, b]),
      analysis: Analysis(subjects: [], layers: [], misshapen: misshapen))
  }

  @Test func architectures() throws {
    let (a, b) = (MadeReport.lora("a", architecture: .sd1), MadeReport.lora("b", architecture: .sdxl))
    let found = try finding("different-architecture", in: compatibility(a, b, modules: 0))
    #expect(
      found.severity == .high && found.evidence.contains("Stable Diffusion 1.x")
        && found.evidence.contains("SDXL"))
    #expect(!ids(compatibility(a, b, modules: 0)).contains("no-common-layers"))
    #expect(ids(compatibility(a, MadeReport.lora("b", architecture: .unknown))).isEmpty)
    #expect(ids(compatibility(b, MadeReport.lora("c", architecture: .sdxl))).isEmpty)
  }

  @Test func noCommonLayers() throws {
    let (a, b) = (MadeReport.lora("a"), MadeReport.lora("b"))
    #expect(try finding("no-common-layers", in: compatibility(a, b, modules: 0)).severity == .info)
    #expect(ids(compatibility(a, b, modules: 1)).isEmpty)
  }

  @Test func shapes() throws {
    let path = ModulePath(part: .unet, name: "conv_in")
    let (a, b) = (MadeReport.lora("a"), MadeReport.lora("b"))
    let found = try finding("shape-mismatch", in: compatibility(a, b, misshapen: [path]))
    #expect(found.severity == .high && found.evidence.contains("unet.conv_in"))
    #expect(ids(compatibility(a, b)).isEmpty)
  }

  @Test func incompleteFiles() throws {
    let sound = MadeReport.lora("sound")
    var cut = MadeReport.lora("b")
    cut.discardedOverBase = 0.7
    let loss = try finding("cut-over-base", in: compatibility(sound, cut))
    #expect(loss.pair == ["b"] && loss.evidence.contains("70 %"))
    cut.discardedOverBase = 0.4
    #expect(!compatibility(sound, cut).contains { $0.id == "cut-over-base" })
    let needing = try finding("needs-base", in: compatibility(sound, MadeReport.lora("b", needingBase: 3)))
    #expect(needing.pair == ["b"] && needing.evidence.contains("3 layers"))
    let unmatched = try finding(
      "unmatched-keys", in: compatibility(sound, MadeReport.lora("b", unmatched: 5)))
    #expect(unmatched.severity == .low && unmatched.evidence.contains("5 keys"))
    var nothing = MadeReport.lora("b", unmatched: 5)
    nothing.modules = 0
    #expect(try finding("unmatched-keys", in: compatibility(sound, nothing)).severity == .high)
    let silent = try finding("no-effect", in: compatibility(sound, MadeReport.lora("b", norm: 0)))
    #expect(silent.severity == .high && silent.pair == ["b"])
  }

  @Test func seriousOnesComeFirst() {
    let report = MadeReport.report(
      MadeReport.measures(cosine: 0.3, cosineZ: 30, reads: (0.06, 9)),
      shared: MadeReport.initialisation(down: 0.26, up: 0),
      loras: [MadeReport.lora("a", norm: 0), MadeReport.lora("b", needingBase: 1)], energyRatio: 1.5)
    let severities = Findings.all(report, analysis: MadeReport.noAnalysis, records: []).map(\.severity)
    #expect(severities.count > 4 && severities == severities.sorted(by: >))
  }
}
