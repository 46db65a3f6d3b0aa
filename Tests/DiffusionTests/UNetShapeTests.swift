import Diffusion
import Testing

/// The full-size networks have exactly the parameters and the layers of the released ones.
@Suite("UNet shapes") struct UNetShapeTests {
  @Test(arguments: [
    (UNetConfiguration.sd15, 859_520_964, 160, 32), (.sd2, 865_910_724, 192, 0), (.sdxl, 2_567_463_684, 722, 0),
  ]) func countsAreThoseOfTheReleasedModels(
    configuration: UNetConfiguration, parameters: Int, linear: Int, pointwise: Int
  ) throws {
    let list = ParameterList()
    _ = try UNet(Parameters(list, .unet), configuration)
    #expect(list.count == parameters)
    #expect(Set(list.entries.map(\.name)).count == list.entries.count, "no parameter is asked for twice")
    // What sd-scripts trains: every linear layer and 1×1 convolution within transformers.
    let targets = list.entries.filter { $0.name.contains("attentions.") && $0.name.hasSuffix("weight") }
    #expect(targets.filter { $0.shape.count == 2 }.count == linear)
    #expect(targets.filter { $0.shape.count == 4 }.count == pointwise)
  }
}
