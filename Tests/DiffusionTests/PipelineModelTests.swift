import Adapters
import Diffusion
import Foundation
import Images
import SafeTensors
import Testing
import Torch

/// What a model is made of, and what it refuses.
@Suite("Pipeline models", .serialized) struct PipelineModelTests {
  private func message(_ body: () throws -> Void) -> String { CheckpointFixture.message(body) }

  @Test func halfPrecisionKeepsTheVAEInF32() throws {
    let checkpoint = try ModelCheckpoint(path: PipelineFixture.path("sdxl"))
    let model = try DiffusionModel(checkpoint, Precision(device: .cpu, type: .bf16), environment: { _ in nil })
    var request = PictureRequest(prompt: "konrad", seeds: [3], width: 32, height: 32)
    request.steps = 2
    let half = try TextToImage(model).latents(request)
    let whole = try TextToImage(PipelineFixture.model("sdxl")).latents(request)
    // BF16 has two to three digits.
    #expect(try relativeDifference(half, whole) < 0.1)
    #expect(try relativeDifference(half, whole) > 1e-5)
    guard case .full(let vae) = model.decoder else { return #expect(Bool(false), "the model's own VAE") }
    #expect(try vae.decode(half).scalarType == .f32)
  }

  @Test func f16IsNotForTheCPU() {
    #expect(message { _ = try Precision(device: .cpu, type: .f16) }.contains("take bf16 or f32"))
    #expect(message { _ = try Precision(device: Device(.cuda, index: 77)) }.contains("no device cuda:77"))
    #expect(message { _ = try Precision(device: .cpu, type: .i64) }.contains("not in i64"))
  }

  @Test func anotherVAETakesTheOwnOnesPlace() throws {
    let request = PictureRequest(prompt: "konrad", seeds: [3], width: 32, height: 32)
    var short = request
    short.steps = 1
    let own = try TextToImage(PipelineFixture.model("sd1"))(short)
    let same = try PipelineFixture.model("sd1", vae: .file(PipelineFixture.path("sd1/vae")))
    #expect(try TextToImage(same)(short) == own)
    let other = try PipelineFixture.model("sd1", vae: .file(PipelineFixture.path("sdxl")))
    #expect(PipelineFixture.difference(try TextToImage(other)(short)[0], own[0]) > 20)
    let lora = PipelineFixture.path("sd1-lora.safetensors")
    #expect(message { _ = try PipelineFixture.model("sd1", vae: .file(lora)) }.contains("so it is no VAE"))
    #expect(message { _ = try PipelineFixture.model("sd1", vae: .tiny(lora)) }.contains("so it is no TAESD"))
  }

  /// A model without a VAE is refused before anything is read, unless another VAE is named.
  @Test func missingPartsAreNamed() throws {
    let folder = try CheckpointFolder()
    let copy = folder.path("model")
    try FileManager.default.copyItem(atPath: PipelineFixture.path("sd1"), toPath: copy)
    try FileManager.default.removeItem(atPath: "\(copy)/vae/diffusion_pytorch_model.safetensors")
    let precision = try Precision(device: .cpu, type: .f32)
    #expect(
      message { _ = try DiffusionModel(ModelCheckpoint(path: copy), precision, environment: { _ in nil }) }
        .contains("there is no VAE"))
    // Another VAE makes it whole.
    let other = DiffusionModel.VAE.file(PipelineFixture.path("sdxl"))
    _ = try DiffusionModel(ModelCheckpoint(path: copy), precision, vae: other, environment: { _ in nil })
  }

  /// Without a tokenizer of its own a model takes CLIP's, and says how to get it.
  @Test func theVocabularyIsAskedFor() throws {
    let folder = try CheckpointFolder()
    let copy = folder.path("model")
    try FileManager.default.copyItem(atPath: PipelineFixture.path("sd1"), toPath: copy)
    try FileManager.default.removeItem(atPath: "\(copy)/tokenizer")
    let precision = try Precision(device: .cpu, type: .f32)
    let text = message {
      _ = try DiffusionModel(ModelCheckpoint(path: copy), precision, environment: { $0 == "HOME" ? "/nowhere" : nil })
    }
    #expect(text.contains("scripts/fetch-vocabulary"))
  }

  @Test func aLoRAOfAnotherBaseIsRefused() throws {
    let model = try PipelineFixture.model("sd1")
    let adapter = try Adapter(path: PipelineFixture.path("sdxl-lora.safetensors"))
    #expect(
      message { _ = try LoadedAdapter(adapter, sites: model.sites, .f32, on: .cpu) }.contains("another base model"))
  }

  @Test func sidesFollowTheModel() throws {
    #expect(try PipelineFixture.model("sd1").standardSide == 32)
    #expect(try PipelineFixture.model("sdxl").zeroesAbsentPrompt)
    #expect(try !PipelineFixture.model("sd2").zeroesAbsentPrompt)
  }

  /// A TAESD of the right kind is read; it makes eight pixels of a latent, and the tiny models two.
  @Test func tinyDecodersMakePictures() throws {
    let list = ParameterList()
    _ = try AutoencoderTiny(Parameters(list, .vae))
    let folder = try CheckpointFolder()
    let path = folder.path("taesd.safetensors")
    try CheckpointFixture.write(
      path, Dictionary(uniqueKeysWithValues: list.entries.map { ($0.name, (DType.f16, $0.shape, nil)) }))
    #expect(
      message { _ = try PipelineFixture.model("sd1", vae: .tiny(path)) }
        .contains("a TAESD makes 8 pixels of a latent, the model 2"))
    let network = try AutoencoderTiny(Parameters(RandomParameters(seed: 1), .vae))
    let latents = try Tensor.normal([2, 4, 2, 3], using: Generator(seed: 2))
    let pictures = try PictureDecoder.tiny(network)(latents)
    #expect(pictures.map(\.width) == [24, 24] && pictures.map(\.height) == [16, 16])
    #expect(try pictures == Picture.pictures(network.decode(latents)))
  }

  /// What overflowed is refused instead of being shown as black.
  @Test func picturesAreOfFiniteNumbers() throws {
    let model = try PipelineFixture.model("sd1")
    let latents = try Tensor([Float](repeating: .nan, count: 4 * 8 * 8), shape: [1, 4, 8, 8])
    #expect(message { _ = try model.decoder(latents) }.contains("take bf16 or f32"))
  }

  @Test func samplesAreRoundedAndCutOff() throws {
    let tensor = try Tensor([-1.5, -1, 0, 1, 2, 0.5] as [Float], shape: [2, 3, 1, 1])
    let pictures = try Picture.pictures(tensor)
    #expect(pictures.map(\.bytes) == [[0, 0, 128], [255, 255, 191]])
  }
}
