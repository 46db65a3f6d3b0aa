/// Values as Python's `str()` prints them, which is how trainers write metadata.
enum PythonText {
  static let none = "None"

  static func flag(_ flag: Bool) -> String { flag ? "True" : "False" }

  static func whole(_ number: Int?) -> String { number.map { "\($0)" } ?? none }

  static func number(_ number: Double?) -> String { number.map { "\($0)" } ?? none }

  /// A number that means nothing when it is 0.
  static func positive(_ number: Double) -> String { number > 0 ? "\(number)" : none }

  static func text(_ text: String?) -> String { text.flatMap { $0.isEmpty ? nil : $0 } ?? none }
}
