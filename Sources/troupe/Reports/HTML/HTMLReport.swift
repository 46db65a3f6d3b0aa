import Adapters
import BlendAnalysis

/// The report as one page that needs nothing else: no network, no script, no other file.
enum HTMLReport {
  /// Writes the page.
  static func render(_ report: BlendReport, pictures: HTMLPictures = HTMLPictures()) -> String {
    let names = listed(report.loras.map(\.name))
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy"
        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>\(names) – Troupe</title>
      <style>
      \(HTMLStyle.css)
      </style>
      </head>
      <body>
      <header>
      <p class="kicker">Troupe blend report</p>
      <h1>\(names)</h1>
      <p class="summary">\(summary(report))</p>
      \(navigation(report, pictures))
      </header>
      <main>
      \(pictures.html)
      \(HTMLFindings(report: report).html)
      \(report.pairs.isEmpty ? aside(report) : HTMLMatrix(report: report).html)
      \(HTMLPair.section(report))
      \(HTMLCast(report: report).html)
      \(HTMLSum.section(report))
      \(HTMLRecipes(recipes: report.recipes).html)
      \(HTMLGlossary.html)
      </main>
      </body>
      </html>

      """
    return page.markup
  }

  /// A single LoRA has no overview to put the caveat beside.
  private static func aside(_ report: BlendReport) -> HTML {
    "<p class=\"note\" id=\"caveat\"><strong>What these numbers can tell.</strong> \(report.caveat)</p>"
  }

  private static func navigation(_ report: BlendReport, _ pictures: HTMLPictures) -> HTML {
    var places: [(String, HTML)] = pictures.entries.isEmpty ? [] : [("pictures", "Pictures")]
    places.append(("findings", "Findings"))
    if !report.pairs.isEmpty { places += [("overview", "All pairs"), ("pairs", "Pair by pair")] }
    places.append(("loras", "Each LoRA"))
    if report.loras.count > 1 { places.append(("sum", "All together")) }
    places += [("training", "Training"), ("words", "Words and symbols")]
    return "<nav aria-label=\"Sections\">\(places.map { "<a href=\"#\($0)\">\($1)</a>\n" as HTML })</nav>"
  }

  private static func summary(_ report: BlendReport) -> HTML {
    var facts: [String] = [HTMLNumber.count(report.loras.count, "LoRA")]
    if report.pairs.count > 1 { facts.append(HTMLNumber.count(report.pairs.count, "pair")) }
    let bases = Set(report.loras.map(\.architecture.label)).sorted()
    facts.append(bases.count == 1 ? "base \(bases[0])" : "bases: \(bases.joined(separator: ", "))")
    let layers = report.loras.map(\.modules)
    if let least = layers.min(), let most = layers.max() {
      facts.append(
        least == most
          ? HTMLNumber.count(most, "layer") + (layers.count > 1 ? " each" : "")
          : "\(HTMLNumber.grouped(least)) to \(HTMLNumber.count(most, "layer")) each")
    }
    let strengths = Set(report.loras.map { HTMLNumber.strength($0.strength) })
    if let strength = strengths.first, strengths.count == 1 {
      facts.append("at strength \(strength)")
    } else {
      facts.append(
        "at strengths " + report.loras.map { HTMLNumber.strength($0.strength) }.joined(separator: ", "))
    }
    return "\(facts.joined(separator: " · "))"
  }

  /// “Akari, Mei and Yuki”.
  private static func listed(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "No LoRA" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
