/// A way to make one ΔW out of several, layer by layer.
///
/// One method is one file under `Methods/`. Its comment has five parts, from which the table in the documentation is
/// made: idea, formula, inputs, edge cases, source.
public protocol LayerMethod: Sendable {
  /// The name on the command line and in the record of a merge.
  static var name: String { get }
  /// The parameters with their values, for the record of a merge.
  var parameters: [MethodParameter] { get }
  /// An upper bound of the rank of the result, from the ranks of the LoRAs that train the layer.
  func rankBound(_ ranks: [Int]) -> Int
  /// Whether it needs ``CoreLayer/covariances``; a merge that has none is then refused.
  var needsCovariances: Bool { get }
  /// What is wrong with the parameters or with merging so many sources; nil when nothing is.
  func problem(sources: Int) -> String?
  /// Does it.
  func merged(_ layer: CoreLayer) throws -> MergedProduct
}

extension LayerMethod {
  /// The parameters with their values.
  public var parameters: [MethodParameter] { [] }
  /// Most methods look at the LoRAs alone.
  public var needsCovariances: Bool { false }
  /// An upper bound of the rank of the result.
  public func rankBound(_ ranks: [Int]) -> Int { ranks.reduce(0, +) }
  /// What is wrong with the parameters or the number of sources; nil when nothing is.
  public func problem(sources: Int) -> String? { nil }
}

/// A parameter of a method.
public struct MethodParameter: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Its value.
  public var value: Value

  /// A parameter's value.
  public enum Value: Sendable, Hashable {
    case number(Double)
    case integer(Int)
    case text(String)
    case flag(Bool)
  }

  /// A number.
  public init(_ name: String, _ value: Double) { (self.name, self.value) = (name, .number(value)) }
  /// A whole number.
  public init(_ name: String, _ value: Int) { (self.name, self.value) = (name, .integer(value)) }
  /// A word.
  public init(_ name: String, _ value: String) { (self.name, self.value) = (name, .text(value)) }
  /// A switch.
  public init(_ name: String, _ value: Bool) { (self.name, self.value) = (name, .flag(value)) }
}

/// Why a method cannot merge a layer.
public struct LayerMethodError: Error, Sendable, Hashable {
  /// The reason as a clause.
  public var detail: String

  /// Creates an error.
  public init(_ detail: String) { self.detail = detail }
}
