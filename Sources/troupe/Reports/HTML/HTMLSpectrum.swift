import Adapters
import BlendAnalysis

/// How the energy of a LoRA's layers falls off from the first direction to the last, as curves.
struct HTMLSpectrum {
  /// The networks of one LoRA.
  private var parts: [LoRASummary.PartSummary]
  /// The scale that all LoRAs of the report share, so that their curves can be compared.
  private var scale: HTMLLogScale?
  private var count: Int

  private static let (width, height) = (360.0, 200.0)
  private static let (left, right, top, bottom) = (54.0, 12.0, 10.0, 34.0)

  /// Prepares the drawing of one LoRA of a cast.
  init(_ lora: LoRASummary, among cast: [LoRASummary]) {
    parts = lora.parts.filter { $0.spectrum.contains { $0 > 0 } }
    let spectra = cast.flatMap(\.parts).map(\.spectrum)
    scale = HTMLLogScale(spectra.flatMap { $0 })
    count = max(2, spectra.map(\.count).max() ?? 2)
  }

  /// The drawing with its legend; empty where no spectrum was measured.
  var html: HTML {
    guard let scale, !parts.isEmpty else { return .empty }
    let words = parts.map {
      "\($0.part.label) from \(HTMLNumber.percent($0.spectrum.first)) "
        + "to \(HTMLNumber.percent($0.spectrum.last))"
    }
    let keys = parts.map { part -> HTML in
      """
      <span><svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">
      <polyline class="\(part.part.rawValue)" points="0,4 28,4"/></svg> \(part.part.label)</span>
      """
    }
    return """
      <figure><svg class="spectrum" viewBox="0 0 \(HTMLNumber.coordinate(Self.width)) \
      \(HTMLNumber.coordinate(Self.height))" role="img" aria-label="Share of energy by direction: \
      \(words.joined(separator: "; "))">
      \(grid(scale))\(ticks)\(parts.map { curve($0, scale) })</svg>
      <figcaption><span class="curves">\(keys)</span> Share of the energy in the n-th strongest direction of
      every layer, 64 at most, on a logarithmic scale. Where a curve falls fast, few directions do the
      work.</figcaption></figure>

      """
  }

  private func curve(_ part: LoRASummary.PartSummary, _ scale: HTMLLogScale) -> HTML {
    let points = part.spectrum.enumerated().filter { $0.element > 0 }.map { index, share in
      "\(HTMLNumber.coordinate(x(index))),\(HTMLNumber.coordinate(y(share, scale)))"
    }
    return "<polyline class=\"\(part.part.rawValue)\" points=\"\(points.joined(separator: " "))\"/>"
  }

  private func grid(_ scale: HTMLLogScale) -> HTML {
    let (left, end) = (HTMLNumber.coordinate(Self.left), HTMLNumber.coordinate(Self.width - Self.right))
    let lines = scale.ticks.map { tick -> HTML in
      let at = y(tick, scale)
      return """
        <line class="grid" x1="\(left)" x2="\(end)" y1="\(HTMLNumber.coordinate(at))"
        y2="\(HTMLNumber.coordinate(at))"/>
        <text x="\(HTMLNumber.coordinate(Self.left - 5))" y="\(HTMLNumber.coordinate(at + 4))"
        text-anchor="end">\(HTMLLogScale.label(tick))</text>
        """
    }
    return "\(lines)"
  }

  private var ticks: HTML {
    // At most eight intervals, at numbers that are easy to read.
    let step = [1, 2, 4, 8, 16].first { (count - 1) / $0 <= 8 } ?? 16
    let places = [0] + stride(from: step - 1, to: count, by: step).filter { $0 > 0 }
    let base = HTMLNumber.coordinate(Self.height - Self.bottom + 15)
    let middle = HTMLNumber.coordinate((Self.left + Self.width - Self.right) / 2)
    let marks = places.map { place -> HTML in
      """
      <text x="\(HTMLNumber.coordinate(x(place)))" y="\(base)" text-anchor="middle">\(place + 1)</text>
      """
    }
    return """
      \(marks)
      <text x="\(middle)" y="\(HTMLNumber.coordinate(Self.height - 4))"
      text-anchor="middle">direction</text>
      """
  }

  private func x(_ index: Int) -> Double {
    Self.left + (Self.width - Self.left - Self.right) * Double(index) / Double(count - 1)
  }

  private func y(_ share: Double, _ scale: HTMLLogScale) -> Double {
    Self.top + (Self.height - Self.top - Self.bottom) * scale.place(share)
  }
}
