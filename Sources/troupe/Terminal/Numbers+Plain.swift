extension Numbers {
  /// A number without needless digits, as it would be typed: `1`, `0.8`.
  static func plain(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
}
