/// What `troupe doctor` prints.
struct DoctorView {
  private let report: DoctorReport
  private let style: Style

  init(_ report: DoctorReport, style: Style = .output) {
    self.report = report
    self.style = style
  }

  func lines() -> [String] {
    var lines = report.checks.flatMap { check in
      var lines = entry(
        check.isThere ? style.green("ok     ") : style.red("missing"), check.name, check.found)
      if let remedy = check.remedy { lines += [indented("mend it with: \(style.bold(remedy))")] }
      if check.isThere { lines += details(check.name) }
      return lines + [""]
    }
    lines += entry(style.dim("       "), "machine", machine) + [""]
    for hint in report.hints { lines += TextWrap.lines("hint: \(hint)", indent: 2, hanging: 8) }
    let missing = report.checks.count { !$0.isThere }
    lines.append(
      missing == 0
        ? "  Everything that models and pictures need is there."
        : "  Missing: \(missing) of \(report.checks.count). Inspecting, comparing and merging LoRAs need none of them.")
    return lines
  }

  /// A mark, a name and a text that goes on below itself.
  private func entry(_ mark: String, _ name: String, _ text: String) -> [String] {
    let column = name + String(repeating: " ", count: max(1, 12 - name.count))
    var wrapped = TextWrap.lines(Terminal.sanitised(text), width: Terminal.width - 23)
    if wrapped.isEmpty { wrapped = [""] }
    return ["  \(mark)  \(column)\(wrapped[0])"] + wrapped.dropFirst().map(indented)
  }

  private func indented(_ text: String) -> String { String(repeating: " ", count: 23) + text }

  private func details(_ name: String) -> [String] {
    var texts: [String] = []
    if name == "engine", let engine = report.engine {
      texts += [engine.path] + [engine.libtorch].compactMap { $0 }
      texts.append("devices: \(engine.devices.joined(separator: ", "))")
      if let automatic = engine.automatic { texts.append("models compute in \(automatic), unless told otherwise") }
      texts.append(
        "\(engine.threads) thread\(engine.threads == 1 ? "" : "s"), \(engine.libraries.joined(separator: ", "))")
    }
    if name == "pictures" {
      texts.append("reads \(report.readable.joined(separator: ", "))")
      if !report.unreadable.isEmpty { texts.append("cannot read \(report.unreadable.joined(separator: ", "))") }
      texts.append("writes \(report.writable.joined(separator: ", "))")
    }
    return texts.flatMap { TextWrap.lines(Terminal.sanitised($0), width: Terminal.width - 23).map(indented) }
  }

  private var machine: String {
    let machine = report.machine
    var text = "\(machine.cores) processor\(machine.cores == 1 ? "" : "s")"
    if let physical = machine.physicalCores { text += " (\(physical) core\(physical == 1 ? "" : "s"))" }
    text += ", \(Numbers.bytes(machine.memory)) of memory"
    if let free = machine.availableMemory { text += ", \(Numbers.bytes(free)) available" }
    return text
  }
}
