import Torch

/// Three convolutions with ReLU, beside a shortcut.
struct TinyBlock: Sendable {
  private let convolutions: [Convolution]

  init(_ parameters: Parameters, channels: Int) throws {
    // The places in between are the activations'.
    convolutions = try [0, 2, 4].map {
      try Convolution(parameters["conv"][$0], inputs: channels, outputs: channels)
    }
  }

  func callAsFunction(_ input: Tensor) throws -> Tensor {
    var hidden = try convolutions[0](input, .plain)
    for convolution in convolutions.dropFirst() { hidden = try convolution(hidden.relu(), .plain) }
    return try (hidden + input).relu()
  }
}

/// One entry of the lists that both networks of a small autoencoder are.
enum TinyStep: Sendable {
  case convolution(Convolution)
  case block(TinyBlock)
  case relu
  case double

  func callAsFunction(_ input: Tensor) throws -> Tensor {
    switch self {
    case .convolution(let convolution): try convolution(input, .plain)
    case .block(let block): try block(input)
    case .relu: try input.relu()
    case .double: try input.upsampledNearest(height: 2 * input.size(2), width: 2 * input.size(3))
    }
  }

  /// The encoder's list: each level begins with a convolution, which halves the size of all but the first.
  static func encoder(_ parameters: Parameters, _ configuration: TinyVAEConfiguration) throws -> [TinyStep] {
    var steps: [TinyStep] = []
    var channels = configuration.pictureChannels
    for (index, (outputs, blocks)) in zip(configuration.encoderChannels, configuration.encoderBlocks).enumerated() {
      steps.append(
        .convolution(
          try Convolution(
            parameters[steps.count], inputs: index == 0 ? channels : outputs, outputs: outputs,
            stride: index == 0 ? 1 : 2, bias: index == 0)))
      for _ in 0..<blocks { steps.append(.block(try TinyBlock(parameters[steps.count], channels: outputs))) }
      channels = outputs
    }
    steps.append(
      .convolution(
        try Convolution(parameters[steps.count], inputs: channels, outputs: configuration.latentChannels)))
    return steps
  }

  /// The decoder's list: each level ends with a convolution, before which all but the last double the size.
  static func decoder(_ parameters: Parameters, _ configuration: TinyVAEConfiguration) throws -> [TinyStep] {
    let levels = configuration.decoderChannels.count
    var steps: [TinyStep] = [
      .convolution(
        try Convolution(
          parameters[0], inputs: configuration.latentChannels, outputs: configuration.decoderChannels[0])), .relu,
    ]
    for (index, (channels, blocks)) in zip(configuration.decoderChannels, configuration.decoderBlocks).enumerated() {
      for _ in 0..<blocks { steps.append(.block(try TinyBlock(parameters[steps.count], channels: channels))) }
      let last = index == levels - 1
      if !last { steps.append(.double) }
      steps.append(
        .convolution(
          try Convolution(
            parameters[steps.count], inputs: channels, outputs: last ? configuration.pictureChannels : channels,
            bias: last)))
    }
    return steps
  }
}
