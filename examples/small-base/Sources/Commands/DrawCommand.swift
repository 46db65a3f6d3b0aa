import ArgumentParser
import Images
import SafeTensors

/// `small-base draw`: the generator's own drawings with their captions.
struct DrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw", abstract: "Draw dolls: pictures, captions beside them, and a sheet of all.")

  @Option(help: "The folder for pictures and captions.") var output: String
  @Option(help: "How many.") var count = 24
  @Option(help: "The seed of the stream.") var seed: UInt64 = 1
  @Option(help: "A model whose autoencoder the pictures go through: what is lost there no sample can have.")
  var model: String?
  @Flag(help: "Draw pairs of hair and shirt that training leaves out.") var heldOut = false

  func run() throws {
    try WholeFile.makeFolder(output)
    let dolls = (0..<count).map { Doll.drawn(seed: seed, UInt64($0), heldOut: heldOut) }
    var pictures = dolls.map(Canvas.picture)
    if let model { pictures = try Painter(path: model).restored(pictures) }
    try PictureSet(zip(pictures, dolls).map { ($0, $1.caption) }).write(to: output)
  }
}

/// Pictures with captions.
struct PictureSet {
  var pictures: [(picture: Picture, caption: String)]

  init(_ pictures: [(Picture, String)]) { self.pictures = pictures }

  /// Writes `0000.png` and `0000.txt` and so on, and `sheet.png` unless it would be in the way of a training.
  func write(to folder: String, withSheet: Bool = true) throws {
    for (index, entry) in pictures.enumerated() {
      let digits = String(10000 + index).dropFirst()
      try entry.picture.write(to: "\(folder)/\(digits).png", as: .png, replacing: true)
      try WholeFile.write(Array("\(entry.caption)\n".utf8), to: "\(folder)/\(digits).txt")
    }
    if withSheet { try sheet(columns: 8).write(to: "\(folder)/sheet.png", as: .png, replacing: true) }
  }

  /// All pictures in rows, each doubled in size, without captions.
  func sheet(columns: Int, scale: Int = 2) -> Picture {
    let cell = Canvas.side * scale + 4
    let rows = max(1, (pictures.count + columns - 1) / columns)
    let (width, height) = (columns * cell, rows * cell)
    var bytes = [UInt8](repeating: 255, count: 3 * width * height)
    for (index, entry) in pictures.enumerated() {
      let (left, top) = (index % columns * cell + 2, index / columns * cell + 2)
      for y in 0..<Canvas.side * scale {
        for x in 0..<Canvas.side * scale {
          let source = 3 * (y / scale * Canvas.side + x / scale)
          let target = 3 * ((top + y) * width + left + x)
          for channel in 0..<3 { bytes[target + channel] = entry.picture.bytes[source + channel] }
        }
      }
    }
    return Picture(width: width, height: height, channels: 3, bytes: bytes)
  }

  /// Reads what ``write(to:)`` has written.
  init(folder: String) throws {
    pictures = []
    for name in try FolderContents.names(in: folder).sorted() where name.hasSuffix(".txt") {
      let stem = name.dropLast(4)
      let bytes = try TextFile.contents("\(folder)/\(name)") ?? []
      let caption = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
      pictures.append((try Picture(contentsOf: "\(folder)/\(stem).png", as: .stored), caption))
    }
    guard !pictures.isEmpty else {
      throw RecipeFailure(
        "\(folder): holds no pictures with captions beside them; name a folder that draw or sample wrote")
    }
  }
}
