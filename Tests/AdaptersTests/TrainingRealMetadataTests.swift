import Foundation
import Testing

@testable import Adapters

@Suite(
  "Real metadata",
  .enabled(if: TrainingFixtures.hasRealMetadata, Comment(rawValue: TrainingFixtures.realMetadataIsAbsent)))
struct TrainingRealMetadataTests {
  @Test func everyFileIsReadable() throws {
    for (name, metadata) in try TrainingFixtures.allReal() {
      let record = TrainingRecord(metadata: metadata)
      #expect(record.unreadable.isEmpty, "\(name): \(record.unreadable)")
      let encoded = try JSONEncoder().encode(record)
      #expect(try JSONDecoder().decode(TrainingRecord.self, from: encoded) == record)
    }
  }

  @Test func smartFalcon() throws {
    let record = TrainingRecord(metadata: try TrainingFixtures.real("lycoris_smart_falcon_16_lokr"))
    #expect(record.identity.trainer == "LyCORIS via sd-scripts")
    #expect(record.base.modelName == "animefull-final-pruned.safetensors")
    #expect(record.base.assessment.kind == .foundation)
    #expect(record.network.algo == "lokr" && record.network.dim == 16 && record.network.alpha == 16)
    #expect(record.network.convDim == 16)
    let o = record.optimisation
    #expect(o.optimizer == "Lion")
    #expect(o.optimizerArgs == [.init(key: "weight_decay", value: "0.1")])
    #expect(o.maxTrainSteps == 3010 && o.steps == nil && o.epochReached == 10 && o.epochs == 10)
    #expect(o.learningRate == 0.0003 && o.textEncoderLR == [0.00015] && o.batchSize == 4)
    #expect(record.noise.noiseOffset == 0.03)
    #expect(record.data.resolutions == [.init(width: 768, height: 768)])
    let folder = try #require(record.data.datasets.first { $0.name == "16_smf girl" })
    #expect(folder.images == 43 && folder.repeats == 16 && folder.exposure == 688 && folder.captions == 43)
    #expect(record.data.datasets.compactMap(\.exposure).reduce(0, +) == record.data.numTrainImages)
    #expect(record.tagFrequency["16_smf girl"]?.first == .init(tag: "hair bow", count: 43))
    let trigger = try #require(record.triggerCandidates.first)
    #expect(
      trigger.token == #"smart falcon \(umamusume\)"# && trigger.confidence > 0.95 && trigger.folder == nil)
    #expect(trigger.evidence.contains("130 of 130 captions"))
    #expect(record.findings().isEmpty)
  }

  @Test func smartFalconSeries() throws {
    let records = try [4, 8, 16].map { rank in
      ("\(rank)", TrainingRecord(metadata: try TrainingFixtures.real("lycoris_smart_falcon_\(rank)_lokr")))
    }
    let comparison = RecipeComparison(records)
    #expect(comparison.sameBase.answer == .yes)
    #expect(comparison.sameRun.answer == .no)
    #expect(comparison.sameAuthor.answer == .likely)
    #expect(comparison.differingParameters == ["rank", "alpha"])
  }

  @Test func aiToolkit() throws {
    let record = TrainingRecord(metadata: try TrainingFixtures.real("leighwoods_flux_lying_base_version"))
    #expect(record.triggerCandidates.first?.token == "YEW")
    #expect(Set(record.findings().map(\.id)) == ["base-version-doubtful", "hash-of-nothing"])
  }

  @Test func fluxWithDataSets() throws {
    let record = TrainingRecord(metadata: try TrainingFixtures.real("lora-inspector_DracoFelis_flux_kohya"))
    // The file's name is a bare number, but its checksum is that of the published model.
    #expect(record.base.assessment.kind == .foundation && record.base.assessment.foundation == "Flux.1")
    #expect(record.base.predictionType == .flow)
    #expect(record.data.datasets.map(\.exposure) == [480])
    #expect(record.optimisation.batchSize == 4 && record.optimisation.fp8Base == true)
    #expect(Set(record.findings().map(\.id)) == ["truncated-training", "text-encoder-not-trained"])
  }

  @Test func mergedFile() throws {
    let record = TrainingRecord(metadata: try TrainingFixtures.real("lora-inspector_anyaXL_sdxl_merged"))
    #expect(record.identity.trainer == "kohya sd-scripts merge")
    #expect(record.mergedFrom.count == 4 && record.mergedFrom.first == "anyaXL32V3")
  }

  @Test func otherTrainers() throws {
    let simo = TrainingRecord(metadata: try TrainingFixtures.real("cloneofsimo_disney_pti"))
    #expect(simo.identity.trainer == "cloneofsimo/lora" && simo.network.dim == 1)
    #expect(simo.triggerCandidates.map(\.token).sorted() == ["<s1>", "<s2>"])
    let peft = TrainingRecord(metadata: try TrainingFixtures.real("faith_lora_adapter_metadata"))
    #expect(peft.identity.trainer == "diffusers" && peft.network.alpha == 16)
    let lighthouse = TrainingRecord(metadata: try TrainingFixtures.real("traintrain_lighthouse_zentrocdot"))
    #expect(lighthouse.identity.trainer == "TrainTrain")
    #expect(lighthouse.triggerCandidates.first?.token == "lighthouse")
  }
}
