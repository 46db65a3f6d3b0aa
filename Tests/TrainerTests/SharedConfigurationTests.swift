import Foundation
import TOML
import Testing
import Trainer

/// Configurations as people published them.
@Suite(.enabled(if: Fixtures.isShared("configs"), Fixtures.sharedIsAbsent))
struct SharedConfigurationTests {
  /// What becomes of a file.
  enum Verdict: Sendable {
    /// It is read, with so many subsets in each dataset.
    case read([Int])
    /// It is refused by this rule, with these words.
    case refused(TOMLError.Rule, String)
  }

  static let verdicts: [String: Verdict] = [
    "acg_character_yoshino": .read([1]), "amosdinh_subset_with_metadata_file": .read([1]),
    "bmaltais_dataset": .read([1]),
    "bmaltais_finetune": .read([1]), "bmaltais_masked_loss": .read([1]), "bmaltais_multires": .read([1, 1, 1]),
    "cohakim_zundamon": .read([1]), "diffusion-pipe_directory": .refused(.foreign, "diffusion-pipe"),
    "gta_windows_path_literal": .read([1]), "lycoris_dataset": .refused(.missing, "image_dir is empty"),
    "lycoris_lokr_training": .refused(.foreign, "--config_file"), "lycoris_preset": .refused(.foreign, "LyCORIS"),
    "musubi_image_directory": .refused(.foreign, "musubi"), "offlive_reg": .read([2]),
    "ogukei_empty_general": .refused(.missing, "--resolution"), "sd-scripts_README_4subsets_1reg": .read([3, 1]),
    "sd-scripts_train_README-ja_0": .read([2]), "sd-scripts_train_README-ja_1": .read([2]),
    "sd-scripts_train_README-ja_2": .read([1]), "sd-scripts_train_README-zh_0": .read([2]),
    "sd-scripts_train_README-zh_1": .read([2]), "sd-scripts_train_README-zh_2": .read([1]),
    "snowfox_7subsets": .read([7]),
    "thr3a_japanese_comments": .read([1]),
  ]

  @Test func allAreKnown() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Fixtures.sharedPath("configs"))
    #expect(Set(names.filter { $0.hasSuffix(".toml") }.map { String($0.dropLast(5)) }) == Set(Self.verdicts.keys))
  }

  @Test(arguments: verdicts.keys.sorted()) func verdict(name: String) throws {
    let path = Fixtures.sharedPath("configs/\(name).toml")
    switch try #require(Self.verdicts[name]) {
    case .read(let subsets):
      let file = try DatasetConfiguration(path: path)
      #expect(file.datasets.map(\.subsets.count) == subsets)
      for dataset in file.datasets { _ = try dataset.rule() }
      // None of their folders is here.
      #expect(throws: DatasetPictures.Refusal.self) { try file.pictures { _ in PixelSize(64) } }
    case .refused(let rule, let part):
      let error = #expect(throws: TOMLError.self) { try DatasetConfiguration(path: path) }
      #expect(error?.rule == rule && error?.detail.contains(part) == true, "\(error?.description ?? "")")
    }
  }

  @Test func whatTheCommandLineGives() throws {
    var defaults = DatasetConfiguration.Defaults()
    defaults.resolution = PixelSize(768)
    let file = try DatasetConfiguration(
      path: Fixtures.sharedPath("configs/ogukei_empty_general.toml"), defaults: defaults)
    #expect(file.datasets[0].resolution == PixelSize(768) && file.subsets[0].repeats == 2)
    #expect(file.subsets[0].captionEnding == ".txt")
  }

  @Test func detailsOfRealFiles() throws {
    func read(_ name: String) throws -> DatasetConfiguration {
      try DatasetConfiguration(path: Fixtures.sharedPath("configs/\(name).toml"))
    }
    #expect(try read("sd-scripts_README_4subsets_1reg").subsets.map(\.captions.keptTags) == [2, 3, 1, 1])
    #expect(try read("bmaltais_multires").datasets.map(\.resolution.width) == [1024, 768, 512])
    #expect(try read("bmaltais_multires").subsets[2].captions.keptTagsSeparator == "|||")
    #expect(try read("bmaltais_masked_loss").datasets[0].kind == .masks)
    #expect(try read("gta_windows_path_literal").subsets[0].images == "D:\\fluxgym\\datasets\\gta-loragta-lora")
    #expect(try read("snowfox_7subsets").subsets.map(\.repeats) == [3, 1, 3, 3, 2, 1, 3])
    #expect(try !read("acg_character_yoshino").datasets[0].enlarges)
  }
}
