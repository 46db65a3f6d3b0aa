/// Pictures in labelled rows and columns, to be looked at side by side.
///
/// A sheet is the same on every machine: letters are built in (ASCII and a few signs; Latin letters lose their accents,
/// others become boxes), and pictures are shrunk by ``Picture/resized(width:height:)``.
public struct ContactSheet: Sendable, Equatable {
  /// One place of the sheet.
  public struct Cell: Sendable, Equatable {
    /// What is shown; without a picture the place stays empty.
    public var picture: Picture?
    /// What stands below it, such as a measured likeness.
    public var caption: String

    /// Makes a place.
    public init(_ picture: Picture?, caption: String = "") {
      self.picture = picture
      self.caption = caption
    }
  }

  /// One row of the sheet.
  public struct Row: Sendable, Equatable {
    /// What stands to its left.
    public var heading: String
    /// Its places, from left to right.
    public var cells: [Cell]

    /// Makes a row.
    public init(_ heading: String, _ cells: [Cell]) {
      self.heading = heading
      self.cells = cells
    }

    /// Makes a row of pictures without captions.
    public init(_ heading: String, pictures: [Picture?]) {
      self.init(heading, pictures.map { Cell($0) })
    }
  }

  /// What stands above everything.
  public var title: String
  /// Lines below the title: model, prompt, sampler.
  public var subtitle: String
  /// What stands above the columns; columns without a heading are allowed.
  public var columns: [String]
  /// The rows from top to bottom; short ones end in empty places.
  public var rows: [Row]
  /// The longest side of a shown picture; smaller pictures are not enlarged.
  public var cellSide: Int
  /// Pixels for each of the letters' own, or `nil` to follow the size of the pictures.
  public var textScale: Int?
  /// Lines below a picture at most; what is longer ends in an ellipsis.
  public var captionLimit: Int

  /// Makes a sheet.
  public init(
    title: String = "", subtitle: String = "", columns: [String], rows: [Row], cellSide: Int = 512,
    textScale: Int? = nil, captionLimit: Int = 2
  ) {
    self.title = title
    self.subtitle = subtitle
    self.columns = columns
    self.rows = rows
    self.cellSide = cellSide
    self.textScale = textScale
    self.captionLimit = captionLimit
  }

  /// Draws the sheet: three channels on a light ground.
  /// - Throws: ``ImageError`` of kind `tooLarge` when it would have more than ``Picture/pixelLimit`` pixels.
  public func picture() throws(ImageError) -> Picture {
    let layout = SheetLayout(self)
    guard layout.width <= Picture.pixelLimit, layout.height <= Picture.pixelLimit / layout.width else {
      throw ImageError(
        .tooLarge, of: title.isEmpty ? "contact sheet" : title,
        "would have \(layout.width) × \(layout.height) pixels; show smaller pictures or make several sheets")
    }
    return layout.drawn(self)
  }
}
