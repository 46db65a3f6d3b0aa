import Diffusion
import Foundation
import Images
import Testing

@testable import small_base

/// The committed model; see examples/small-base.
@Suite struct SmallModelTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "examples/small-base").path
  static let model = "\(folder)/model"

  @Test func everyWordOfACaptionIsOneToken() throws {
    let tokenizer = try CLIPTokenizer(folder: "\(Self.model)/tokenizer")
    #expect(tokenizer.vocabularySize == WordPieces.standard.tokens.count)
    for tag in Doll.allTags {
      let words = WordPieces.words(tag)
      #expect(tokenizer.tokens(tag).map { tokenizer.text([$0.id]) } == words, "\(tag)")
    }
    // Spelled, so that a trigger has tokens of its own.
    #expect(tokenizer.text(tokenizer.tokens("konrad").map(\.id)) == "konrad")
    #expect(tokenizer.tokens("konrad").count > 1)
  }

  @Test func theCommittedConfigurationIsTheRecipes() throws {
    let stored = try ModelCheckpoint(path: Self.model).configuration
    #expect(stored == SmallModel.configuration(scalingFactor: stored.vae.scalingFactor))
  }

  /// The samples were drawn with two threads.
  ///
  /// Sums in another order may move single bytes; a mean of one step of 256 over all leaves room for that, and none for
  /// another weight, schedule or caption.
  @Test func theCommittedSamplesComeAgain() throws {
    let stored = try PictureSet(folder: "\(Self.folder)/samples").pictures
    let count = 2
    let drawn = try Painter(path: Self.model).pictures(
      stored.prefix(count).map(\.caption), seeds: (0..<count).map(UInt64.init), steps: 20, guidance: 3)
    for (picture, entry) in zip(drawn, stored) {
      let differences = zip(picture.bytes, entry.picture.bytes).map { abs(Int($0) - Int($1)) }
      #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 1, "\(entry.caption)")
    }
  }

  /// The reader against the committed samples, whose hair and shirt training never showed together.
  ///
  /// The bar is somewhat below what the model card states for all attributes together.
  @Test func theCommittedSamplesAgreeWithTheirCaptions() throws {
    let reader = Reader()
    var agreement = Agreement()
    for entry in try PictureSet(folder: "\(Self.folder)/samples").pictures {
      agreement.add(caption: entry.caption, reader.read(entry.picture))
    }
    #expect(agreement.total >= 0.8, "\(agreement.table)")
  }
}
