import Adapters

extension InspectView {
  /// Who was trained, on how much, and with what beside them; of files of Troupe's own trainer.
  var cast: [String] {
    guard let cast = file.recipe.cast else { return [] }
    var facts = FactList("The cast")
    facts.add("Files", cast.modeText.map(safe))
    facts.add("Batches", cast.batchText)
    for member in cast.characters { facts.add(label(member.name), safe(text(of: member))) }
    for group in cast.groups {
      let weight = group.weight == 1 ? "" : ", weight \(Numbers.short(group.weight))"
      facts.add(
        "Together",
        safe(
          "\(group.characters.joined(separator: ", ")): \(pictures(group.images)), \(samples(group.samples))\(weight)"))
    }
    for set in cast.regularization {
      facts.add(
        "Regularisation",
        safe("\(set.summary): weight \(Numbers.short(set.weight)), \(samples(set.samples))"))
    }
    let losses = cast.losses.map { "\($0.name) \(Numbers.short($0.weight))" }.joined(separator: ", ")
    facts.add("Losses", safe(losses))
    let layers = cast.layers.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    facts.add("Trained layers", safe(layers))
    facts.add("Went on from", cast.continues.map(safe))
    return facts.lines(width: width, style: style)
  }

  private func label(_ name: String) -> String { TextTable.cut(safe(name), to: 15) }

  private func text(of member: TrainingRecord.Cast.Member) -> String {
    var text = [member.trigger, member.className].filter { !$0.isEmpty }.joined(separator: ", ")
    text += text.isEmpty ? "" : ": "
    text += "\(pictures(member.images)), \(samples(member.samples)) (\(Numbers.percent(member.share)))"
    if member.weight != 1 { text += ", weight \(Numbers.short(member.weight))" }
    if member.longestGap > 0 { text += ", at most \(Numbers.grouped(member.longestGap)) steps without it" }
    if member.paired > 0 { text += "; \(samples(member.paired)) of regularisation with it" }
    return text
  }

  private func pictures(_ count: Int) -> String { "\(Numbers.grouped(count)) picture\(count == 1 ? "" : "s")" }
  private func samples(_ count: Int) -> String { "\(Numbers.grouped(count)) sample\(count == 1 ? "" : "s")" }
}
