import Diffusion
import Testing

@Suite("Prompt syntax")
struct PromptTests {
  /// The parts with weights rounded to nine digits, so that the order of products does not matter.
  private func parts(_ text: String) -> [String] {
    Prompt(weighted: text).parts.map { part in
      switch part {
      case .text(let text, let weight): "\(text)|\((weight * 1e9).rounded() / 1e9)"
      case .chunkBreak: "BREAK"
      }
    }
  }

  // What the web UI documents beside its parser.
  @Test(
    "The web UI's own examples",
    arguments: [
      ("normal text", ["normal text|1.0"]),
      ("an (important) word", ["an |1.0", "important|1.1", " word|1.0"]),
      ("(unbalanced", ["unbalanced|1.1"]),
      (#"\(literal\]"#, ["(literal]|1.0"]),
      ("(unnecessary)(parens)", ["unnecessaryparens|1.1"]),
      (
        "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
        [
          "a |1.0", "house|1.573", " |1.1", "on|1.0", " a |1.1", "hill|0.55", ", sun, |1.1", "sky|1.4641", ".|1.1",
        ]
      ),
    ])
  func documented(_ text: String, _ expected: [String]) { #expect(parts(text) == expected) }

  @Test(
    "Brackets, weights and escapes at their edges",
    arguments: [
      ("", ["|1.0"]), ("()", ["|1.0"]), ("a)", ["a)|1.0"]), ("a]", ["a]|1.0"]), ("[a]", ["a|\(0.909090909)"]),
      ("[[a]]", ["a|\(0.826446281)"]), ("[unbalanced", ["unbalanced|\(0.909090909)"]), ("((a", ["a|1.21"]),
      // Both kinds close by themselves, whatever order they stand in.
      ("(a [b) c]", ["a |1.1", "b|1.0", " c|\(0.909090909)"]),
      ("(a:1.3)", ["a|1.3"]), ("(a: 1.3 )", ["a|1.3"]), ("(a:+.5)", ["a|0.5"]), ("(a:-1)", ["a|-1.0"]),
      ("(a:0)", ["a|0.0"]),
      ("(a:2.)", ["a|2.0"]), ("((a:1.5):2)", ["a|3.0"]), ("(a, b:1.2)", ["a, b|1.2"]),
      // A weight needs an open round bracket, and must be a number.
      ("a:1.3)", ["a:1.3)|1.0"]), ("[a:1.3]", ["a:1.3|\(0.909090909)"]), ("(a:1.2.3)", ["a:1.2.3|1.1"]),
      ("(a:b)", ["a:b|1.1"]), ("(a:)", ["a:|1.1"]), ("(re:zero:1.2)", ["re:zero|1.2"]), ("a:b", ["a:b|1.0"]),
      (#"konrad \(series\), \[x\]"#, ["konrad (series), [x]|1.0"]),
      (#"(konrad \(series\):1.2)"#, ["konrad (series)|1.2"]),
      (#"a\b"#, [#"a\b|1.0"#]), (#"a\\b"#, [#"a\b|1.0"#]), (#"\\(a)"#, [#"\|1.0"#, "a|1.1"]), (#"a\"#, [#"a\|1.0"#]),
      (#"(a\)"#, ["a)|1.1"]), ("(猫:1.5)犬", ["猫|1.5", "犬|1.0"]), ("(a)(b:1.1)", ["ab|1.1"]),
    ])
  func edges(_ text: String, _ expected: [String]) { #expect(parts(text) == expected) }

  @Test(
    "BREAK as a word of its own parts the prompt, within brackets too",
    arguments: [
      ("a BREAK b", ["a|1.0", "BREAK", "b|1.0"]), ("a\nBREAK\n b", ["a|1.0", "BREAK", "b|1.0"]), ("BREAK", ["BREAK"]),
      ("a,BREAK,b", ["a,|1.0", "BREAK", ",b|1.0"]), ("a BREAK BREAK b", ["a|1.0", "BREAK", "BREAK", "b|1.0"]),
      ("(a BREAK b:1.2) c", ["a|1.2", "BREAK", "b|1.2", " c|1.0"]),
      ("(a)BREAK[b]", ["a|1.1", "BREAK", "b|\(0.909090909)"]),
      ("break BREAKER BREAK_ 1BREAK ÉBREAK", ["break BREAKER BREAK_ 1BREAK ÉBREAK|1.0"]),
    ])
  func breaks(_ text: String, _ expected: [String]) { #expect(parts(text) == expected) }

  @Test("A plain prompt has no syntax")
  func plain() {
    let text = #"a (b:1.2) [c] \(d\) BREAK e"#
    #expect(Prompt(plain: text).parts == [.text(text, weight: 1)])
    #expect(Prompt(plain: "").parts == [.text("", weight: 1)])
  }

  @Test("Whatever the text, nothing but its syntax is lost", arguments: 0..<40)
  func anything(_ seed: Int) {
    var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 1
    let signs = ["(", ")", "[", "]", ":", "\\", "1", ".", " ", "a", "é", "BREAK", "-"]
    let text = (0..<200).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return signs[Int(state >> 33) % signs.count]
    }.joined()
    let spoken = Prompt(weighted: text).parts.map { part in
      if case .text(let text, _) = part { text } else { "BREAK" }
    }.joined()
    #expect(spoken.filter { "aé".contains($0) } == text.filter { "aé".contains($0) })
    #expect(spoken.count <= text.count)
  }

  @Test("A phrase is found whatever its case, accents' form and spaces; brackets and escapes do not hide it")
  func occurrences() {
    func found(_ phrase: String, _ prompt: Prompt, _ source: String, wholeWords: Bool = true) -> [String] {
      prompt.occurrences(of: phrase, wholeWords: wholeWords).map {
        String(decoding: Array(source.utf8)[$0], as: UTF8.self)
      }
    }
    let plain = "Konrad, konradine, a KONRAD_x  konrad\u{3000} and café, cafe\u{301}"
    #expect(found("konrad", Prompt(plain: plain), plain) == ["Konrad", "konrad"])
    #expect(found("konrad", Prompt(plain: plain), plain, wholeWords: false).count == 4)
    #expect(found(" konrad  and ", Prompt(plain: plain), plain) == ["konrad\u{3000} and"])
    #expect(Prompt(plain: plain).occurrences(of: "CAFÉ").count == 2)
    #expect(found("cafe\u{301}", Prompt(plain: plain), plain).map(\.utf8.count) == [5, 6])
    #expect(found("猫", Prompt(plain: "女の子と猫耳"), "女の子と猫耳", wholeWords: false) == ["猫"])
    #expect(Prompt(plain: "aaa").occurrences(of: "") == [])
    #expect(Prompt(plain: "a a a a").occurrences(of: "a a") == [0..<3, 4..<7])

    let weighted = #"a (smart falcon \(umamusume\):1.2), (smart) falcon, smart BREAK falcon"#
    let prompt = Prompt(weighted: weighted)
    #expect(found("smart falcon (umamusume)", prompt, weighted) == [#"smart falcon \(umamusume\)"#])
    #expect(found("smart falcon", prompt, weighted) == ["smart falcon", "smart) falcon"])
  }
}
