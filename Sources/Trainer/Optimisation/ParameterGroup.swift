public import Torch

/// A tensor with the name that files know it by.
public struct NamedTensor: Sendable {
  /// The name.
  public let name: String
  /// The tensor.
  public let tensor: Tensor

  /// Names a tensor.
  public init(_ name: String, _ tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}

/// Parameters that are trained at one rate, such as those of the UNet or of one text encoder.
public struct ParameterGroup: Sendable {
  /// What progress lines call the group.
  public let name: String
  /// The tensors to be trained, in F32.
  public let parameters: [NamedTensor]
  /// The learning rate of the next step, 0 or greater.
  public var rate: Double
  /// How strongly weights are pulled to 0, 0 or greater.
  public let weightDecay: Double

  /// Makes a group.
  public init(_ name: String, _ parameters: [NamedTensor], rate: Double, weightDecay: Double = 0) {
    self.name = name
    self.parameters = parameters
    self.rate = rate
    self.weightDecay = weightDecay
  }

  /// The indices of parameters with a gradient: the others sit a step out.
  var active: [Int] { parameters.indices.filter { parameters[$0].tensor.gradient != nil } }

  /// Refuses what no optimiser can work with.
  static func check(_ groups: [ParameterGroup]) throws {
    var names: Set<String> = []
    for group in groups {
      guard group.rate >= 0, group.rate.isFinite else {
        throw OptimisationError("the learning rate of \(group.name) is \(group.rate); it must be 0 or greater")
      }
      guard group.weightDecay >= 0, group.weightDecay.isFinite else {
        throw OptimisationError("the weight decay of \(group.name) is \(group.weightDecay); it must be 0 or greater")
      }
      for parameter in group.parameters {
        let type = try parameter.tensor.scalarType
        guard type == .f32 else {
          throw OptimisationError(
            "the parameter \(parameter.name) of \(group.name) is in \(type); optimisers train f32, "
              + "and let the model compute in other formats")
        }
        guard names.insert(parameter.name).inserted else {
          throw OptimisationError("the parameter \(parameter.name) was given to the optimiser twice")
        }
      }
    }
    guard !names.isEmpty else {
      throw OptimisationError("the optimiser was given no parameters; train at least one layer")
    }
  }
}
