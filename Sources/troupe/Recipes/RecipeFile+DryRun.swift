extension RecipeFile {
  /// What the recipe asks for, as lines of an aligned table; nothing is opened.
  func dryRun(width: Int = Terminal.width, style: Style = .output) -> [String] {
    var facts = TextTable([.left, .left])
    func add(_ label: String, _ value: String?) { if let value { facts.add([label, Terminal.sanitised(value)]) } }
    add("method", method)
    add("rank", rank.map { "\($0)" + (convRank.map { ", convolutions \($0)" } ?? "") })
    if rank == nil { add("conv rank", convRank.map { "\($0)" }) }
    add("dtype", dtype)
    add("to", to)
    add("output", output)
    add("lambda", lambda.map(Self.number))
    add("normalise", normalise.map { $0 ? "yes" : "no" })
    for pattern in exclude { add("without", pattern) }
    for (key, value) in options.sorted(by: { $0.key < $1.key }) { add(key, value.text) }
    add("recipe", String(hash.prefix(12)))
    var table = TextTable(
      [.right, .right, .right, .right, .left], header: ["strength", "te1", "te2", "unet", "LoRA"])
    for source in sources {
      table.add([
        Self.number(source.strength ?? 1), Self.number(source.te1 ?? source.te ?? 1),
        Self.number(source.te2 ?? source.te ?? 1), Self.number(source.unet ?? 1), Terminal.sanitised(source.file),
      ])
      if let blocks = source.blocks { table.add(["", "", "", "", "  blocks \(Terminal.sanitised(blocks))"]) }
      for layer in source.layers {
        table.add(["", "", "", "", "  \(Terminal.sanitised(layer.pattern)) = \(Self.number(layer.weight))"])
      }
    }
    return facts.lines(width: width, style: style) + [""] + table.lines(width: width, style: style)
  }
}
