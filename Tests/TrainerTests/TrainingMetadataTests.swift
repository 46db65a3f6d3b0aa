import Adapters
import Diffusion
import Foundation
import Testing
import Trainer

@Suite struct TrainingMetadataTests {
  private static func metadata(
    character: Int? = nil, base: TrainingMetadata.BaseModel = MetadataFixture.model(),
    _ change: (inout CastConfiguration) -> Void = { _ in }
  ) throws -> TrainingMetadata {
    let (cast, pictures) = try MetadataFixture.full(change)
    let plan = try CastPlan(cast, pictures: pictures)
    return .cast(
      cast, pictures: pictures, plan: plan, exposure: ExposureReport(of: CastSampler(plan), steps: 500), base: base,
      progress: MetadataFixture.progress, file: MetadataFixture.file(character))
  }

  /// Everything that Troupe's own reader knows of a file, against what the run was given.
  @Test func theReaderFindsEverything() throws {
    var base = MetadataFixture.model {
      $0.schedule.prediction = .velocity
      $0.schedule.zeroTerminalSNR = true
    }
    base.sha256 = String(repeating: "AB", count: 32)
    base.vae = "/models/vae/sdxl_vae.safetensors"
    let metadata = try Self.metadata(base: base) { cast in
      cast.output.comment = "for the stage"
      cast.network.kind = .locon
      (cast.network.convRank, cast.network.convAlpha, cast.network.maxNorm) = (8, 4, 1)
      (cast.network.dropout, cast.network.rankDropout) = (0.1, 0.2)
      (cast.training.warmup, cast.training.schedule, cast.training.accumulation) = (0.05, .cosineRestarts, 2)
      (cast.training.te2Rate, cast.training.epsilon, cast.losses.noiseOffset) = (5e-5, 1e-6, 0.05)
      (cast.model.clipSkip, cast.model.tokens, cast.losses.kind) = (2, 225, .huber)
    }
    let record = TrainingRecord(metadata: try MetadataFixture.stored(metadata.entries))
    #expect(record.unreadable.isEmpty)
    #expect(record.identity.outputName == "duo-000500" && record.identity.title == "duo-000500")
    #expect(record.identity.trainer == "Troupe 0.1.0" && record.identity.sessionID == "1234567")
    #expect(record.identity.startedAt == 1_700_000_000.5 && record.identity.durationSeconds == 3600)
    #expect(record.identity.comment == "for the stage")
    #expect(record.base.modelName == "noobaiXLNAIXL_vPred10Version.safetensors")
    #expect(record.base.modelHash == String(repeating: "ab", count: 32) && record.base.legacyHash == nil)
    #expect(record.base.version == "sdxl_base_v1-0" && !record.base.isSD2 && record.base.predictionType == .velocity)
    #expect(record.base.vaeName == "sdxl_vae.safetensors" && record.base.clipSkip == 2)
    #expect(record.base.maxTokenLength == 225)
    let network = record.network
    #expect(network.module == "networks.lora" && network.algo == "locon" && network.dim == 16 && network.alpha == 8)
    #expect(network.convDim == 8 && network.convAlpha == 4 && network.dropout == 0.1 && network.scaleWeightNorms == 1)
    #expect(network.networkArgs.map(\.key) == ["conv_dim", "conv_alpha", "rank_dropout"])
    let o = record.optimisation
    #expect(o.steps == 500 && o.maxTrainSteps == 2000 && o.batchSize == 4 && o.gradientAccumulation == 2)
    #expect(o.learningRate == 1e-4 && o.unetLR == 1e-4 && o.textEncoderLR == [0, 5e-5])
    #expect(o.optimizer == "AdamW" && o.scheduler == "cosine_with_restarts" && o.warmupSteps == 100)
    #expect(o.optimizerArgs.map { "\($0.key)=\($0.value)" } == ["weight_decay=0.01", "betas=(0.9, 0.99)", "eps=1e-06"])
    #expect(o.mixedPrecision == "bf16" && o.seed == 1 && o.maxGradNorm == 1 && o.fp8Base == false)
    let noise = record.noise
    #expect(noise.noiseOffset == 0.05 && noise.minSNRGamma == 5 && noise.zeroTerminalSNR == true)
    #expect(noise.lossType == "huber" && noise.huberC == 0.1 && noise.huberSchedule == "snr")
    #expect(noise.priorLossWeight == 0.5 && noise.multiresIterations == nil && noise.ipNoiseGamma == nil)
    #expect(noise.debiasedEstimation == false)
    // Konrad's body subset is not shuffled, so there is no one answer.
    #expect(
      record.captions.shuffle == nil && record.captions.keepTokens == 1 && record.captions.captionDropoutRate == 0)
    #expect(record.data.resolutions == [.init(width: 1024, height: 1024)] && record.data.bucketsEnabled == true)
    #expect(record.data.minBucketSide == 256 && record.data.maxBucketSide == 2048)
    #expect(record.data.bucketNoUpscale == false)
    #expect(!record.isHashOfNothing && record.storedModelHash?.count == 64)
    // An intermediate save of a run; nothing else is odd about it.
    #expect(record.findings().map(\.id) == ["truncated-training"])
  }

  /// A place of four is Konrad's and one Li'sar's in every step; the other two are shared at rates of 0.19 to 0.5 to 1.5.
  ///
  /// A face is used 1/30 times a step, a body 4/30, a picture of Li'sar's 5/30, one of both 2.6/30, and one of the
  /// regularisation set 0.7/30; so 66 training pictures make an epoch, at 2.17 a step.
  @Test func repeatsAndEpochsFollowFromThePlan() throws {
    let record = TrainingRecord(metadata: try Self.metadata().entries)
    let folders = record.data.datasets
    #expect(folders.map(\.name) == ["face", "body", "lisar", "duo", "1boy"])
    #expect(folders.map(\.images) == [10, 5, 6, 2, 20] && folders.map(\.repeats) == [1, 4, 5, 3, 1])
    #expect(folders.map(\.isRegularisation) == [false, false, false, false, true])
    #expect(folders[0].classTokens == "konrad_httt, 1boy" && folders[3].classTokens == "konrad_httt, lisar_httt")
    #expect(record.data.numTrainImages == 66 && record.data.numRegImages == 20 && record.data.batchesPerEpoch == 31)
    #expect(record.optimisation.epochs == 65 && record.optimisation.epochReached == 17)
    // Every second picture is upright and goes to 896×1152; each bucket is counted once, though told of twice.
    #expect(record.data.buckets.map(\.size.width) == [1024, 896])
    #expect(record.data.buckets.map(\.count) == [5 + 12 + 15 + 3 + 10, 5 + 8 + 15 + 3 + 10])
  }

  /// Where nothing but one character is trained, an epoch is what sd-scripts has: every picture once.
  @Test func aPlainEpochIsEveryPictureOnce() throws {
    var cast = try CastConfiguration(toml: CastConfigurationTests.least, path: "cast.toml")
    (cast.training.batch, cast.training.accumulation, cast.training.steps) = (2, 2, 100)
    let pictures = MetadataFixture.pictures([10])
    let plan = try CastPlan(cast, pictures: pictures)
    let metadata = TrainingMetadata.cast(
      cast, pictures: pictures, plan: plan, exposure: .init(sources: 1, pictures: 10), base: MetadataFixture.model(),
      progress: .init(steps: 0, startedAt: 1, finishedAt: 1, session: "1"), file: MetadataFixture.file())
    let entries = metadata.entries
    #expect(entries["ss_num_train_images"] == "10" && entries["ss_num_batches_per_epoch"] == "5")
    #expect(entries["ss_num_epochs"] == "34" && entries["ss_epoch"] == "0")
    #expect(entries["ss_optimizer"] == "torch.optim.adamw.AdamW(weight_decay=0.01)")
    #expect(entries["ss_network_args"] == nil && entries["ss_new_sd_model_hash"] == nil)
    #expect(entries["ss_lr_scheduler"] == "constant" && entries["ss_reg_dataset_dirs"] == "{}")
    let held = TrainedDataset(cast, pictures: pictures, plan: try CastPlan(cast, pictures: pictures, heldOut: [1, 7]))
    #expect(held.validationImages == 2 && held.blocks[0].folders[0].images == 8)
  }

  @Test func severalResolutionsAreSeveralDataSets() throws {
    let metadata = try Self.metadata { $0.training.resolutions = [PixelSize(768), PixelSize(1024)] }
    let entries = metadata.entries
    let record = TrainingRecord(metadata: entries)
    #expect(record.data.resolutions.map(\.width) == [768, 1024] && record.data.datasets.count == 10)
    #expect(record.data.numTrainImages == 132 && record.data.batchesPerEpoch == 61)
    #expect(
      entries["ss_resolution"] == nil && entries["ss_bucket_info"] == nil && entries["ss_total_batch_size"] == "4")
    #expect(record.data.buckets.map(\.count).reduce(0, +) == 2 * 86)
    #expect(try (MetadataFixture.json(entries["ss_dataset_dirs"]) as? [String: Any])?.count == 4)
  }

  @Test func jsonTextsParseAndTagsAreCounted() throws {
    let entries = try Self.metadata().entries
    for key in [
      "ss_datasets", "ss_tag_frequency", "ss_bucket_info", "ss_dataset_dirs", "ss_reg_dataset_dirs", "troupe.cast",
    ] { _ = try MetadataFixture.json(entries[key]) }
    let tags = try #require(MetadataFixture.json(entries["ss_tag_frequency"]) as? [String: [String: Int]])
    // Lower case, nothing empty, no second line, and the trigger where the caption rule adds it.
    #expect(tags["face"] == ["konrad_httt": 10, "armour": 4, "sword": 3, "1boy": 6])
    #expect(tags["body"] == ["konrad_httt": 5, "1boy": 5] && tags["1boy"] == ["1boy": 20])
    #expect(tags["duo"] == ["konrad_httt": 2, "lisar_httt": 2])
    let dirs = try #require(MetadataFixture.json(entries["ss_dataset_dirs"]) as? [String: [String: Int]])
    #expect(dirs["body"] == ["n_repeats": 4, "img_count": 5] && dirs.count == 4)
  }

  @Test func theCastIsTold() throws {
    let metadata = try Self.metadata { $0.network.continues = "/home/someone/old/first.safetensors" }
    let record = TrainingRecord(metadata: try MetadataFixture.stored(metadata.entries))
    let cast = try #require(record.cast)
    #expect(cast.troupe == "0.1.0" && cast.mode == "separate" && cast.file == nil && cast.matching == "cast")
    #expect(cast.seed == 1 && cast.steps == 500 && cast.samplesPerStep == 4 && cast.format == "f16")
    #expect(cast.continues == "first.safetensors" && cast.layers == ["unet": 722, "te1": 72])
    #expect(
      cast.characters.map(\.name) == ["Konrad", "Li'sar"] && cast.characters.map(\.className) == ["1boy", "1girl"])
    #expect(cast.characters.map(\.images) == [15, 6] && cast.groups.map(\.images) == [2])
    // One sample a step and the group's, of which there are 0.19/2.19 · 2 a step; the sampler rounds.
    let group = cast.groups[0].samples
    #expect(abs(Double(group) - 500 * 2 * (4.0 / 21) / (4.0 / 21 + 2)) <= 1)
    #expect(cast.characters.map(\.samples) == [500 + group, 500 + group])
    #expect(abs(cast.characters[0].share - Double(500 + group) / Double(1000 + group)) < 1e-12)
    #expect(cast.characters.map(\.longestGap) == [0, 0])
    let sets = cast.regularization
    #expect(sets.map(\.className) == ["1boy", "1girl"] && sets.map(\.target) == ["image", "base"])
    #expect(sets.map(\.pairsWith) == [["Konrad"], ["Konrad", "Li'sar"]] && sets.map(\.weight) == [2, 0.5])
    #expect(sets.map(\.images) == [20, 0] && sets.map(\.generated) == [0, 0] && sets.map(\.ratio) == [1, 1])
    #expect(sets.reduce(0) { $0 + $1.samples } == 2000 - 1000 - group)
    #expect(cast.characters.reduce(0) { $0 + $1.paired } == 2000 - 1000 - group)
    #expect(cast.losses.map(\.name) == ["target", "prior_weight", "cross_prior", "summed"])
    #expect(cast.losses.map(\.weight) == [1, 0.5, 1, 0.5])
    #expect(record.triggerCandidates.prefix(2).map(\.token).sorted() == ["konrad_httt", "lisar_httt"])
  }

  @Test func aCharactersOwnFile() throws {
    let entries = try Self.metadata(character: 1).entries
    let record = TrainingRecord(metadata: entries)
    #expect(record.cast?.file == "Li'sar" && record.cast?.characters.count == 2)
    // The class captions of the other set are on her own pictures; the first set is Konrad's alone.
    #expect(record.data.datasets.map(\.name) == ["lisar", "duo"])
    #expect(
      entries["modelspec.trigger_phrase"] == "lisar_httt" && entries["modelspec.tags"] == "character, Li'sar, 1girl")
    #expect(
      entries["modelspec.description"]
        == "Li'sar (lisar_httt, 1girl), trained with Troupe to be used together with the others of a cast of 2")
    #expect(record.triggerCandidates.first?.token == "lisar_httt")
    #expect(record.optimisation.steps == 500)
  }

  @Test func generatedRegularizationIsAFolderOfItsOwn() throws {
    var (cast, pictures) = try MetadataFixture.full()
    cast.regularization[1].generated = 3
    for index in 0..<3 {
      pictures.pictures.append(
        .init(path: "/cache/1girl/\(index).png", size: PixelSize(1024), caption: "1girl", subset: 99))
    }
    let plan = try CastPlan(cast, pictures: pictures, generated: [1: [43, 44, 45]])
    let metadata = TrainingMetadata.cast(
      cast, pictures: pictures, plan: plan, exposure: ExposureReport(of: CastSampler(plan), steps: 10),
      base: MetadataFixture.model(), progress: MetadataFixture.progress, file: MetadataFixture.file())
    let record = TrainingRecord(metadata: metadata.entries)
    let made = try #require(record.data.datasets.last)
    #expect(made.name == "1girl" && made.images == 3 && made.isRegularisation && made.classTokens == "1girl")
    #expect(record.cast?.regularization.map(\.generated) == [0, 3])
    #expect(record.cast?.regularization.map(\.images) == [20, 3])
  }

  @Test(arguments: [
    (Architecture.sd1, false, "sd_v1", "stable-diffusion-v1/lora", "diffusers", "1"),
    (.sd2, true, "sd_v2_v", "stable-diffusion-v2-768-v/lora", "diffusers", "2"),
    (.sd2, false, "sd_v2", "stable-diffusion-v2-512/lora", "diffusers", "2"),
    (
      .sdxl, true, "sdxl_base_v1-0", "stable-diffusion-xl-v1-base/lora",
      "https://github.com/Stability-AI/generative-models", "2"
    ),
  ])
  func specification(
    family: Architecture, velocity: Bool, version: String, architecture: String, implementation: String, layer: String
  ) throws {
    var base = MetadataFixture.model {
      $0 = family == .sdxl ? .sdxl : family == .sd2 ? .sd2 : .sd15
      $0.schedule.prediction = velocity ? .velocity : .epsilon
    }
    base.path = "C:\\models\\wai.safetensors"
    let entries = try Self.metadata(base: base).entries
    #expect(entries["ss_base_model_version"] == version && entries["modelspec.architecture"] == architecture)
    #expect(entries["ss_v2"] == (family == .sd2 ? "True" : "False"))
    #expect(entries["ss_text_encoder_lr"] == (family == .sdxl ? "[0.0, 0.0001]" : "0.0"))
    #expect(entries["modelspec.implementation"] == implementation && entries["modelspec.encoder_layer"] == layer)
    #expect(entries["modelspec.prediction_type"] == (velocity ? "v" : "epsilon"))
    #expect(entries["modelspec.sai_model_spec"] == "1.0.0" && entries["modelspec.resolution"] == "1024x1024")
    #expect(entries["modelspec.date"] == "2023-11-14T23:13:20Z" && entries["ss_sd_model_name"] == "wai.safetensors")
    #expect(entries["modelspec.trigger_phrase"] == "konrad_httt, lisar_httt")
    #expect(
      entries["modelspec.description"]
        == "Konrad (konrad_httt, 1boy) and Li'sar (lisar_httt, 1girl), trained with Troupe")
  }

  @Test func noFoldersAreTold() throws {
    let metadata = try Self.metadata { cast in
      for index in cast.characters[0].subsets.indices {
        cast.characters[0].subsets[index].images = "/home/someone/secret/\(index)/face"
      }
      cast.characters[1].subsets[0].images = "."
      cast.model.vae = "/home/someone/vae.safetensors"
      cast.output.folder = "/home/someone/out"
      cast.training.cache = "/home/someone/cache"
    }
    for (key, value) in metadata.entries {
      #expect(!value.contains("someone") && !value.contains("secret"), "\(key)")
    }
    // Two folders of one name, and one without a name.
    let record = TrainingRecord(metadata: metadata.entries)
    #expect(record.data.datasets.map(\.name) == ["face", "face (2)", "pictures", "duo", "1boy"])
    #expect(record.tagFrequency["face (2)"]?.first?.count == 5)
  }
}
