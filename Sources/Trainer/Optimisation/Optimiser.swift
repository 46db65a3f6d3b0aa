public import Torch

/// A rule that turns gradients into better parameters.
///
/// An optimiser belongs to one task at a time. It changes the parameters in place and keeps its state in F32. The
/// parameters have their first values when it is made.
public protocol Optimiser: AnyObject {
  /// What is trained; the rates may be set before each step.
  var groups: [ParameterGroup] { get set }

  /// Changes the parameters by their gradients; parameters without one are left alone.
  ///
  /// Gradients may be changed too: they are used up.
  func step() throws

  /// Everything but the parameters that the next step depends on, under names of its own.
  ///
  /// The tensors are the optimiser's own and change with its next step: copy what must last.
  func state() throws -> [NamedTensor]

  /// Goes back to a stored state; the parameters are restored by others.
  /// - Throws: ``OptimisationError`` when a tensor is missing, is one too many or has another shape.
  func restore(_ state: [String: Tensor]) throws

  /// Gives the parameters the values that training continues from.
  func enterTraining() throws

  /// Gives the parameters the values to be saved and looked at.
  func enterEvaluation() throws
}

extension Optimiser {
  /// Does nothing: most optimisers train the values that are used.
  public func enterTraining() throws {}
  /// Does nothing: most optimisers train the values that are used.
  public func enterEvaluation() throws {}

  /// All parameters with their names, group by group.
  public var parameters: [NamedTensor] { groups.flatMap(\.parameters) }

  /// All gradients there are.
  public var gradients: [Tensor] { parameters.compactMap(\.tensor.gradient) }

  /// Removes the gradients.
  public func clearGradients() throws(TorchError) {
    for parameter in parameters { try parameter.tensor.setGradient(nil) }
  }
}
