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

  /// The opened model; nil where none was named.
  func checkpoint() throws -> Checkpoint? { try base.map { try Checkpoint(path: $0) } }

  /// The adapters over the model; as they are where none was named.
  ///
  /// - Parameter strengths: the strength that each is used at.
  func bind(_ adapters: [Adapter], strengths: [Double]) throws -> [Adapter] {
    guard let model = try checkpoint() else { return adapters }
    return try zip(adapters, strengths).map { try $0.bound(to: model, strength: $1) }
  }
}
