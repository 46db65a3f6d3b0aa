/// Values as people write them.
package enum PlainText {
  /// A number without a needless fraction: `16`, `0.0003`, `5e-05`.
  static func number(_ value: Double) -> String {
    if let whole = Int(exactly: value), abs(value) < 1e15 { return String(whole) }
    return String(value)
  }

  static func numbers(_ values: [Double]) -> String { values.map(number).joined(separator: ", ") }

  static func size(_ size: TrainingRecord.PixelSize) -> String { "\(size.width)×\(size.height)" }

  /// A span of time in its two largest units.
  static func duration(_ seconds: Double) -> String? {
    guard seconds >= 0, seconds < 1e10 else { return nil }
    let total = Int(seconds.rounded())
    let (days, hours, minutes) = (total / 86_400, total / 3600 % 24, total / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    if hours > 0 { return "\(hours) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(total % 60) s" : "\(total) s"
  }

  /// A moment in Universal Time, to the minute; nil outside the years 1970 to 9999.
  static func moment(_ secondsSince1970: Double) -> String? {
    guard secondsSince1970 >= 0, secondsSince1970 < 253_402_300_800 else { return nil }
    let total = Int(secondsSince1970)
    let (year, month, day) = civil(days: total / 86_400)
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return
      "\(year)-\(padded(month))-\(padded(day)) \(padded(total / 3600 % 24)):\(padded(total / 60 % 60)) UTC"
  }

  /// A moment in Universal Time as ISO 8601 has it, to the second; nil outside the years 1970 to 9999.
  package static func timestamp(_ secondsSince1970: Double) -> String? {
    guard secondsSince1970 >= 0, secondsSince1970 < 253_402_300_800 else { return nil }
    let total = Int(secondsSince1970)
    let (year, month, day) = civil(days: total / 86_400)
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let time = [total / 3600 % 24, total / 60 % 60, total % 60].map(padded).joined(separator: ":")
    return "\(year)-\(padded(month))-\(padded(day))T\(time)Z"
  }

  /// The Gregorian date of a day counted from 1970.
  ///
  /// Years are taken to begin in March, so that the leap day is a year's last and month lengths repeat every
  /// five months.
  private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
