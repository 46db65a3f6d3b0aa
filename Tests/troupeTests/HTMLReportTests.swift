import Adapters
import BlendAnalysis
import Foundation
import Images
import Testing

@testable import troupe

/// The page as a whole, written from a report of three LoRAs: two that share weights, and one whose name attacks.
@Suite struct HTMLReportTests {
  let report: BlendReport
  let page: String

  init() throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    report = try decoder.decode(
      BlendReport.self, from: Data(contentsOf: tests.appending(path: "Fixtures/report.json")))
    page = HTMLReport.render(report)
  }

  @Test func namesFromFilesCannotBecomeMarkup() {
    let name = report.loras[2].name
    #expect(name.contains("<script>") && name.contains("\"") && name.contains("'") && name.contains("&"))
    #expect(!page.contains("<script"))
    #expect(!page.contains("<b>yuki"))
    #expect(!page.contains("<img"))
    #expect(page.contains(#"title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; "#))
    // Our own markup, on the other hand, must not be escaped: an attribute would show as text.
    #expect(!page.contains("=&quot;"))
  }

  @Test func loadsNothing() {
    for reference in ["http://", "https://", "url(", "@import", "<link", "<iframe", "<object", "<base"] {
      let isThere = page.contains(reference)
      #expect(!isThere, "\(reference)")
    }
    // A comment in the metadata holds an image; as text it may stay, within a tag it may not.
    #expect(report.recipes.rows.contains { $0.values.contains { $0?.contains("src=") == true } })
    let isLoading = page.contains(/<[^>]*\ssrc=/)
    #expect(!isLoading)
    #expect(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"))
    let links = page.matches(of: /href="([^"]*)"/).map { String($0.1) }
    #expect(links.allSatisfy { $0.hasPrefix("#") })
  }

  @Test func picturesArePartOfThePage() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/a=b.png"
    try Picture(width: 3, height: 2, filledWith: .white).write(to: path, as: .png)
    let bytes = try Data(contentsOf: URL(filePath: path))
    // Without a caption the name is one, also where it has the sign that ends captions.
    let pictures = try HTMLPictures(["Wren & Nila=\(path)", path])
    let page = HTMLReport.render(report, pictures: pictures)
    #expect(pictures.entries.map(\.caption) == ["Wren & Nila", "a=b.png"])
    #expect(page.contains(#"alt="Wren &amp; Nila" width="3" height="2" src="data:image/png;base64,"#))
    #expect(page.contains(bytes.base64EncodedString()))
    #expect(page.contains(##"<a href="#pictures">Pictures</a>"##))
    #expect(unbalanced(page.replacing(/<img [^>]*>/, with: "")) == nil)
    for length in 0...4 {
      let bytes = [UInt8](repeating: 251, count: length)
      #expect(HTMLPictures.base64(bytes) == Data(bytes).base64EncodedString())
    }
  }

  @Test func whatIsNoPictureIsRefused() throws {
    #expect(throws: ImageError.self) { try HTMLPictures(["/nowhere.png"]) }
    #expect(throws: ImageError.self) { try HTMLPictures([#filePath]) }
  }

  @Test func everyLinkHasItsTarget() {
    let ids = page.matches(of: /\sid="([^"]*)"/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    for link in page.matches(of: /href="#([^"]*)"/) { #expect(ids.contains(String(link.1))) }
  }

  @Test func tagsAreBalanced() {
    #expect(unbalanced(page) == nil)
    // An undefined number or an empty list may leave out a piece, so the smaller reports are read as well.
    for count in 0...2 {
      var less = report
      less.loras = Array(report.loras.prefix(count))
      less.pairs = Array(report.pairs.prefix(count == 2 ? 1 : 0))
      less.findings = []
      #expect(unbalanced(HTMLReport.render(less)) == nil, "\(count) LoRAs")
    }
  }

  @Test func everyLoRAPairAndFindingIsThere() throws {
    for lora in report.loras { #expect(page.contains("<h3>\(HTML(escaping: lora.name).markup)</h3>")) }
    for (index, pair) in report.pairs.enumerated() {
      #expect(page.contains("id=\"pair-\(index)\""))
      #expect(
        page.contains(
          ("<strong>\(pair.a)</strong> and <strong>\(pair.b)</strong>" as HTML).markup))
    }
    for finding in report.findings {
      #expect(page.contains("finding \(finding.severity.rawValue)"))
      #expect(page.contains(HTML.prose(finding.evidence).markup))
      #expect(page.contains(HTML.prose(finding.meaning).markup))
      #expect(page.contains(HTML.prose(finding.advice).markup))
    }
    for row in report.recipes.rows { #expect(page.contains(row.label)) }
    #expect(page.contains(HTML(escaping: report.caveat).markup))
    #expect(page.contains(HTML(escaping: report.recipes.sameBase.evidence).markup))
  }

  @Test func theCaveatStandsBeforeTheNumbers() throws {
    let caveat = try #require(page.range(of: "id=\"caveat\""))
    let numbers = try #require(page.range(of: "<table"))
    #expect(caveat.lowerBound < numbers.lowerBound)
    var single = report
    single.loras = [report.loras[0]]
    single.pairs = []
    let page = HTMLReport.render(single)
    let first = try #require(page.range(of: "<table"))
    #expect(try #require(page.range(of: "id=\"caveat\"")).lowerBound < first.lowerBound)
  }

  @Test func undefinedNumbersAreDashes() {
    #expect(!page.contains("nan") && !page.contains("nil") && !page.contains("Optional("))
    // The third LoRA was measured without detail, and shares no layer with the second.
    #expect(HTMLCast(report: report).html.markup.contains("<td>–</td><td>–</td></tr>"))
    let matrix = HTMLMatrix(report: report).html.markup
    #expect(matrix.contains("<td class=\"\" title=\"mei and &quot;"))
    #expect(matrix.contains("–</a></td>"))
    #expect(!matrix.contains("z\u{2009}–"))
  }

  @Test func onlyTheFirstPairIsOpen() throws {
    #expect(page.components(separatedBy: "<details class=\"pair\" open>").count == 2)
    let open = try #require(page.range(of: "<details class=\"pair\" open>"))
    // Akari and Mei share weights; no other pair does.
    #expect(page[open.upperBound...].prefix(200).contains("<strong>akari</strong> and <strong>mei</strong>"))
  }

  @Test func blocksThatNoneTrainsHaveNoColumn() {
    let map = HTMLHeatMap(
      title: "ω", plainTitle: "ω", question: "?", blocks: report.pairs[0].blocks, overlap: \.omegaOut
    ).html.markup
    let columns = map.matches(of: /<th scope="col">([^<]*)</).map { String($0.1) }
    #expect(columns == ["te1", "down1", "mid", "up0"])
    #expect(map.contains("<td></td>"))
  }

  @Test func aReportOfManyPairsStaysFolded() {
    var many = report
    many.pairs = (0..<28).map { _ in report.pairs[0] }
    let page = HTMLReport.render(many)
    #expect(page.components(separatedBy: "<details class=\"pair\" open>").count == 2)
    #expect(page.components(separatedBy: "<details class=\"pair\"").count == 29)
    #expect(unbalanced(page) == nil)
  }

  /// The first tag that closes nothing or is never closed; nil where all is well.
  private func unbalanced(_ page: String) -> String? {
    let empty: Set = ["meta", "wbr", "br", "rect", "line", "polyline", "!doctype"]
    var open: [String] = []
    for tag in page.matches(of: /<(\/?)([!A-Za-z][A-Za-z0-9]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/) {
      let name = tag.2.lowercased()
      if empty.contains(name) { continue }
      if tag.1.isEmpty {
        open.append(name)
      } else if open.popLast() != name {
        return "</\(name)> at \(page[tag.range.lowerBound...].prefix(60))"
      }
    }
    return open.first
  }
}
