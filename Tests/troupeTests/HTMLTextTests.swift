import Testing

@testable import troupe

/// Escaping, sentences and numbers, which everything on the page goes through.
@Suite struct HTMLTextTests {
  @Test func interpolationEscapesTextAndKeepsMarkup() {
    let name = #"<b>"O'Neil" & co</b>"#
    let inner: HTML = "<em>\(name)</em>"
    #expect(inner.markup == "<em>&lt;b&gt;&quot;O&#39;Neil&quot; &amp; co&lt;/b&gt;</em>")
    #expect(("<p>\(inner)\(3)</p>" as HTML).markup == "<p>\(inner.markup)3</p>")
    #expect(("\([inner, inner])" as HTML).markup == inner.markup + inner.markup)
  }

  @Test func controlAndDirectionCharactersAreReplaced() {
    #expect(
      HTML(escaping: "a\u{0}b\u{1B}[1m\u{202E}c\u{2066}").markup == "a\u{FFFD}b\u{FFFD}[1m\u{FFFD}c\u{FFFD}")
    #expect(HTML(escaping: "水瀬 é 👩‍🎤").markup == "水瀬 é 👩‍🎤")
  }

  @Test func backticksBecomeCode() {
    #expect(
      HTML.prose("run `troupe merge a:<1>` now").markup == "run <code>troupe merge a:&lt;1&gt;</code> now")
    #expect(HTML.prose("a ` alone").markup == "a ` alone")
    #expect(HTML.prose("`x` and `").markup == "<code>x</code> and `")
  }

  @Test func symbolsAreSetLow() {
    #expect(HTML.prose("ω_out 0.3, φ_in <ω").markup == "ω<sub>out</sub> 0.3, φ<sub>in</sub> &lt;ω")
    #expect(HTML.prose("`ω_in`").markup == "<code>ω_in</code>")
  }

  @Test func pathsMayBreakAfterDots() {
    #expect(HTML.path("unet.a<b.c").markup == "unet.<wbr>a&lt;b.<wbr>c")
  }

  @Test(arguments: [
    (0.375, 3, "+0.375"), (-0.0004, 3, "0.000"), (-0.5, 2, "−0.50"), (0.0004, 3, "0.000"),
    (12345.6, 0, "+12\u{202F}346"),
    (1.0, 3, "+1.000"), (0.999_96, 3, "+1.000"),
  ])
  func signedNumbers(number: Double, decimals: Int, text: String) {
    #expect(HTMLNumber.signed(number, decimals) == text)
  }

  @Test func undefinedNumbersAreDashes() {
    #expect(HTMLNumber.signed(nil, 3) == "–")
    #expect(HTMLNumber.fixed(.nan, 3) == "–")
    #expect(HTMLNumber.deviations(.infinity) == "–")
    #expect(HTMLNumber.percent(nil) == "–")
    #expect(HTMLNumber.degrees(nil) == "–")
    #expect(HTMLNumber.brief(nil) == "–")
    #expect(HTMLNumber.coordinate(.nan) == "0")
  }

  @Test func numbersAreAsLongAsTheyTell() {
    #expect(HTMLNumber.brief(556.3) == "556")
    #expect(HTMLNumber.brief(19.42) == "19.4")
    #expect(HTMLNumber.brief(0.0421) == "0.042")
    #expect(HTMLNumber.deviations(3.05) == "+3.1" || HTMLNumber.deviations(3.05) == "+3.0")
    #expect(HTMLNumber.deviations(24749.1) == "+24\u{202F}749")
    #expect(HTMLNumber.percent(0.28) == "28\u{2009}%")
    #expect(HTMLNumber.percent(0.0004) == "<\u{2009}0.1\u{2009}%")
    #expect(HTMLNumber.degrees(0.0573) == "<\u{2009}0.06°")
    #expect(HTMLNumber.strength(0.75) == "0.75")
    #expect(HTMLNumber.strength(-1) == "−1")
    #expect(HTMLNumber.coordinate(-0.26) == "-0.3")
    #expect(HTMLNumber.count(1, "layer") == "1 layer")
  }

  @Test func colourNeedsBothSizeAndSureness() {
    #expect(HTMLShade.name(0.3, z: 100) == "p5")
    #expect(HTMLShade.name(-0.06, z: -9) == "n3")
    #expect(HTMLShade.name(0.3, z: 2) == "s0")
    #expect(HTMLShade.name(0.001, z: 50) == "s0")
    #expect(HTMLShade.name(1, z: nil) == "p6")
    #expect(HTMLShade.name(nil, z: nil) == "")
  }

  @Test func logarithmicScaleFramesItsNumbers() throws {
    let scale = try #require(HTMLLogScale([0.15, 0.02, 0]))
    #expect(scale.ticks.first == 0.2)
    #expect(scale.place(0.2) == 0)
    #expect(abs(scale.place(0.02) - 1) < 1e-9)
    #expect(abs(scale.place(0.02 * 10.0.squareRoot()) - 0.5) < 1e-9)
    #expect(HTMLLogScale([0, 0]) == nil)
    #expect(HTMLLogScale([1])?.ticks.count ?? 0 > 1)
    #expect(HTMLLogScale([1e-9, 1e-7])?.ticks.count ?? 0 > 1)
    #expect(HTMLLogScale([1, 1e-9])?.ticks == [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
    #expect(HTMLLogScale.label(0.5) == "50\u{2009}%")
    #expect(HTMLLogScale.label(0.000_01) == "0.001\u{2009}%")
  }
}
