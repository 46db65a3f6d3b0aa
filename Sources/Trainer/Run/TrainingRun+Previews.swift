internal import Diffusion
internal import Images
internal import SafeTensors

extension TrainingRun {
  /// Refuses previews that could not be drawn, before an hour has gone.
  func checkPreviews() throws {
    let preview = plan.cast.preview
    guard preview.every > 0 || preview.first else { return }
    do { try TextToImage(model).check(request("check")) } catch let error as SamplingError {
      throw OptimisationError("[preview]: \(error)")
    }
  }

  private func request(_ prompt: String) -> PictureRequest {
    let preview = plan.cast.preview
    let size = preview.size ?? plan.cast.training.resolutions.first ?? PixelSize(model.standardSide)
    var request = PictureRequest(
      prompt: prompt, seeds: [UInt64(preview.seed)], width: size.width, height: size.height)
    request.negative = preview.negative
    request.steps = preview.steps
    request.guidance = Guidance(scale: preview.guidance)
    request.layer = plan.cast.model.clipSkip
    if let sampler = preview.sampler.flatMap({ SamplerName(infotext: $0) }) { request.sampler = sampler }
    return request
  }

  /// Draws every prompt for every character and every pair into one labelled sheet; LoRAs of a cast act together.
  ///
  /// It is left undrawn where somebody asks for the end meanwhile.
  func drawPreviews() throws {
    guard options.processes.isFirst else { return }
    do { try drawSheet() } catch is CancellationError {}
  }

  private func drawSheet() throws {
    let sheet = try evaluating {
      let adapters = try network.adapters(together: Array(0..<network.count))
      let rows = try PreviewPrompts(plan.cast.preview.prompts, plan.members).rows.map { heading, cells in
        ContactSheet.Row(
          heading,
          try cells.map { cell in
            let pictures = try TextToImage(model)(request(cell.prompt), adapters: adapters) { _ in
              if options.shouldStop() { throw CancellationError() }
            }
            return ContactSheet.Cell(pictures.first, caption: cell.name)
          })
      }
      return ContactSheet(title: "\(files.name), step \(step)", columns: [], rows: rows)
    }
    let path = files.preview(step)
    try WholeFile.makeFolder(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
    try sheet.picture().write(to: path, as: .png, replacing: true)
    try tell(.preview(step: step, path: path))
  }
}

/// The prompts of a preview with every character's and every pair's words in them.
struct PreviewPrompts {
  /// One picture.
  struct Cell: Hashable {
    /// Who is asked for.
    var name: String
    /// The prompt.
    var prompt: String
  }

  /// What is drawn where no prompts are written: everybody alone, every pair, and nobody.
  static let standard = ["{trigger}, {class}", "{trigger1}, {trigger2}", "{class}"]

  /// The prompts as written, each with its pictures.
  let rows: [(heading: String, cells: [Cell])]

  init(_ prompts: [String], _ members: [RunPlan.Member]) {
    rows = (prompts.isEmpty ? Self.standard : prompts).compactMap { prompt in
      let cells = Self.cells(prompt, members)
      return cells.isEmpty ? nil : (prompt, cells)
    }
  }

  private static func cells(_ prompt: String, _ members: [RunPlan.Member]) -> [Cell] {
    if ["{trigger1}", "{trigger2}", "{class1}", "{class2}"].contains(where: {
      !prompt.pieces(by: $0).dropFirst().isEmpty
    }) {
      return members.indices.flatMap { first in
        members.indices.dropFirst(first + 1).map { second in
          let (a, b) = (members[first], members[second])
          let text = prompt.replacing(each: "{trigger1}", by: a.word.trigger)
            .replacing(each: "{trigger2}", by: b.word.trigger).replacing(each: "{class1}", by: a.word.className)
            .replacing(each: "{class2}", by: b.word.className)
          return Cell(name: "\(a.name) + \(b.name)", prompt: text)
        }
      }
    }
    if !prompt.pieces(by: "{trigger}").dropFirst().isEmpty {
      return members.map { member in
        Cell(
          name: member.name,
          prompt: prompt.replacing(each: "{trigger}", by: member.word.trigger)
            .replacing(each: "{class}", by: member.word.className))
      }
    }
    guard !prompt.pieces(by: "{class}").dropFirst().isEmpty else { return [Cell(name: "", prompt: prompt)] }
    // Nobody's own word: once for each class.
    var classes: [String] = []
    for member in members where !classes.contains(member.word.className) { classes.append(member.word.className) }
    return classes.map { Cell(name: $0.isEmpty ? "no class" : $0, prompt: prompt.replacing(each: "{class}", by: $0)) }
  }
}
