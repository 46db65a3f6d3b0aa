import ArgumentParser
import Adapters
import BlendAnalysis
import LinearAlgebra
@main struct Troupe: AsyncParsableCommand {
  @Argument var files: [String]
  @Flag var detail = false
  mutating func run() async throws {
    BLAS.useOneThread(); let c = ContinuousClock(); let t = c.now
    let s = try files.map { Subject(adapter: try Adapter(path: $0), name: $0) }
    print("open", c.now - t)
    let r = try await BlendReport.make(s, options: .init(detailed: detail))
    print("done", c.now - t)
    for p in r.pairs { print(p.a, p.b, p.total, p.sharedInit, p.anglesIn as Any) }
    for l in r.loras { print(l.name, l.norm, l.architecture, l.modules, l.parts) }
    for f in r.findings { print(f.severity, f.id, f.pair, f.evidence) }
  }
}
