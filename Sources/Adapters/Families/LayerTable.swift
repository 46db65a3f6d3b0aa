/// The layers of one network, looked up by any of their spellings.
struct LayerTable: Sendable {
  /// Which naming a spelling is in.
  enum Naming: Sendable {
    case diffusers, original
  }

  /// A layer that was found.
  struct Place: Sendable {
    /// Its position among the templates.
    var index: Int
    /// The number of its block; nil outside of blocks.
    var block: Int?
    /// The naming it was found in; the model's own where both are alike.
    var naming: Naming
  }

  let templates: [LayerTemplate]
  private let dotted: [String: (index: Int, naming: Naming)]
  private let flat: [String: (index: Int, naming: Naming)]

  init(_ templates: [LayerTemplate]) {
    self.templates = templates
    var dotted: [String: (index: Int, naming: Naming)] = [:]
    for (index, template) in templates.enumerated() {
      dotted[template.name] = (index, .diffusers)
    }
    for (index, template) in templates.enumerated() {
      if let original = template.original { dotted[original] = (index, .original) }
    }
    self.dotted = dotted
    flat = Dictionary(dotted.map { (Self.flattened($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The layer of a path with dots.
  func find(dotted path: some StringProtocol) -> Place? { find(path, separator: ".", in: dotted) }

  /// The layer of a path whose dots have become underscores.
  func find(flat path: some StringProtocol) -> Place? { find(path, separator: "_", in: flat) }

  private func find(
    _ path: some StringProtocol, separator: Character, in table: [String: (index: Int, naming: Naming)]
  ) -> Place? {
    let path = String(path)
    if let found = table[path] { return Place(index: found.index, block: nil, naming: found.naming) }
    var pieces = path.split(separator: separator, omittingEmptySubsequences: false)
    // The first number is the block's: those behind it are names of layers in a list.
    guard let at = pieces.firstIndex(where: { Self.number($0) != nil }), let block = Self.number(pieces[at]) else {
      return nil
    }
    pieces[at] = "#"
    guard let found = table[pieces.joined(separator: String(separator))] else { return nil }
    return Place(index: found.index, block: block, naming: found.naming)
  }

  /// diffusers' path of a layer.
  func name(_ place: Place) -> String { Self.numbered(templates[place.index].name, place.block) }

  /// The model's own path of a layer; nil where it has none.
  func original(_ place: Place) -> String? { templates[place.index].original.map { Self.numbered($0, place.block) } }

  /// The layers that diffusers keeps apart, and their rows; nil for a layer that is one.
  func parts(_ place: Place, outputs: Int, inputs: Int) -> [(name: String, rows: [Range<Int>])]? {
    guard let parts = templates[place.index].parts, let rows = parts.rows(outputs: outputs, inputs: inputs) else {
      return nil
    }
    return zip(parts.names, rows).map { (Self.numbered($0, place.block), $1) }
  }

  /// The layer that the model stores as one of which a layer is a part, with all its parts; nil for any other.
  ///
  /// Of several, as of a single block's query, the one that the model's own code has is meant.
  func whole(_ name: String) -> (name: String, parts: RowParts)? {
    guard let place = find(dotted: name) else { return nil }
    let own = templates[place.index].name
    for template in templates where template.original != nil {
      guard let parts = template.parts, parts.names.contains(own) else { continue }
      let names = parts.names.map { Self.numbered($0, place.block) }
      return (Self.numbered(template.name, place.block), RowParts(rule: parts.rule, names: names))
    }
    return nil
  }

  /// A block's number: plain digits, as no model writes `07`.
  private static func number(_ piece: Substring) -> Int? {
    guard (1...4).contains(piece.utf8.count), piece.utf8.allSatisfy({ (48...57).contains($0) }),
      piece.utf8.count == 1 || piece.first != "0"
    else { return nil }
    return Int(piece)
  }

  private static func numbered(_ template: String, _ block: Int?) -> String {
    guard let block, let mark = template.firstIndex(of: "#") else { return template }
    return template[..<mark] + String(block) + template[template.index(after: mark)...]
  }

  static func flattened(_ path: some StringProtocol) -> String {
    String(decoding: path.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
  }
}
