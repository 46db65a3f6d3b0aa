import Adapters
import ArgumentParser

/// `--base`: the base model that some variants' changes depend on.
struct BaseModelOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The base model, a checkpoint file or a diffusers folder: with it the change of DoRA, OFT, BOFT, (IA)³, GLoRA and T-LoRA layers is known exactly.",
      valueName: "path"))
  var base: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --base: cut those layers to this rank, which makes large models fast; what that leaves out is told.",
      valueName: "rank"))
  var baseRank: Int?

  func validate() throws {
    if let baseRank {
      guard base != nil else { throw ValidationError("--base-rank goes with --base.") }
      guard baseRank > 0 else { throw ValidationError("--base-rank must be 1 or more.") }
    }
  }

  /// The opened model; nil where none was named.
  func checkpoint() throws -> Checkpoint? { try base.map { try Checkpoint(path: $0) } }

  /// The adapters over the model; as they are where none was named.
  ///
  /// - Parameter strengths: the strength that each is used at.
  func bind(_ adapters: [Adapter], strengths: [Double]) throws -> [Adapter] {
    guard let model = try checkpoint() else { return adapters }
    return try zip(adapters, strengths).map { try $0.bound(to: model, strength: $1, rank: baseRank) }
  }
}
