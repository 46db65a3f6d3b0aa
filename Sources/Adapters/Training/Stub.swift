public struct TrainingRecord: Sendable, Codable, Equatable { public init(metadata: [String: String]) {} }
public struct RecipeComparison: Sendable, Codable { public init(_ x: [(String, TrainingRecord)]) {} }
