import Diffusion
import Testing

/// AUTOMATIC1111's text: what is written, what other programs wrote, and the way there and back.
@Suite("Infotext") struct InfotextTests {
  static var full: Infotext {
    var text = Infotext(
      prompt: "1girl, solo, (masterpiece:1.2)\nby the sea", negativePrompt: "bad hands, \"text\"",
      loras: [LoRATag(name: "ayame", strength: 0.8), LoRATag(name: "moe-v2", strength: -1)])
    text.steps = 20
    text.sampler = SamplerName.eulerAncestral.infotextName(.normal)
    text.guidanceScale = 7
    text.seed = 1
    text.size = .init(width: 512, height: 768)
    text.modelHash = "6ce0161689"
    text.model = "v1-5, pruned"
    text.loraHashes = [.init(name: "ayame", hash: "0123456789ab"), .init(name: "moe-v2", hash: "ba9876543210")]
    text.version = "troupe 0.4.0"
    return text
  }

  @Test func writesWhatOthersRead() {
    #expect(
      Self.full.text == """
        1girl, solo, (masterpiece:1.2)
        by the sea <lora:ayame:0.8> <lora:moe-v2:-1>
        Negative prompt: bad hands, "text"
        Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, Model hash: 6ce0161689, \
        Model: "v1-5, pruned", Lora hashes: "ayame: 0123456789ab, moe-v2: ba9876543210", Version: troupe 0.4.0
        """)
    #expect(Infotext().text == "")
    #expect(Infotext(loras: [LoRATag(name: "a:b>c<d", strength: 0.55)]).text == "<lora:abcd:0.55>")
    var hashes = Infotext(prompt: "x")
    hashes.loraHashes = [.init(name: "a, b:c", hash: "12")]
    #expect(hashes.text == "x\nLora hashes: \"a bc: 12\"")
  }

  @Test func comesBackWhole() {
    #expect(Infotext(parsing: Self.full.text) == Self.full)
    var odd = Self.full
    odd.loras = []
    odd.guidanceScale = 7.5
    odd.seed = .max
    odd.scheduleType = "SGM Uniform"
    // Values that end early, or change, without quotes.
    odd.others = [
      .init("RNG", "CPU"), .init("Time/Date 2-x", "12:30"), .init("Quote", "say \"hi\", twice"),
      .init("Slash", "a\\, b"),
      .init("Lines", "one\ntwo"), .init("Spaces", " x "), .init("Looks quoted", "\"x\""), .init("Open", "\"x"),
      .init("Inside", "a \"b\" c"), .init("Kanji 名", "綾女, 菖蒲 🌸"), .init("Tab", "a\tb"), .init("Backslash", "\\"),
      .init("Both", "\\\""), .init("Size of tile", "64x64"),
    ]
    #expect(Infotext(parsing: odd.text) == odd)
    for prompt in [
      "", "a", "a: b, c: d", "<b>", "日本\n\n語", "< lora:x:1>", "\"", "a\r\nb".replacing("\r\n", with: "\n"),
    ] {
      for negative in ["", "n", "n\n\nm"] {
        var text = Self.full
        (text.prompt, text.negativePrompt) = (prompt, negative)
        #expect(Infotext(parsing: text.text) == text, "\(prompt.debugDescription), \(negative.debugDescription)")
        text.loras = []
        #expect(Infotext(parsing: text.text) == text, "\(prompt.debugDescription), \(negative.debugDescription)")
      }
    }
  }

  @Test func readsOlderAndNewerVersions() {
    let old = Infotext(
      parsing: """
        girl with an artist's beret, ((eyeshadow))
        Negative prompt: ugly, fat,
         (extra_limb)
        Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b

        """)
    #expect(old.prompt == "girl with an artist's beret, ((eyeshadow))")
    #expect(old.negativePrompt == "ugly, fat,\n(extra_limb)")
    #expect(old.steps == 20 && old.seed == 965_400_086 && old.size == .init(width: 512, height: 512))
    #expect(old.sampler.flatMap { SamplerName(infotext: $0) } == .dpmSolver)
    #expect(old.modelHash == "45dee52b" && old.others.isEmpty && old.version == nil)

    let new = Infotext(
      parsing: """
        cat <lora:a b:1>, dog<lora:c>\t
        bird <lora:d:te=0.5> <lora:e:1:0.5> <lyco:f:1>
        Steps: 8, Sampler: Euler, Schedule type: SGM Uniform, CFG scale: 1.5, Seed: 3, Size: 64x96, Clip skip: 2, \
        Hires prompt: "a: b, \\"c\\"", Lora hashes: "a b: 11, c: 22", Version: v1.10.1
        """)
    #expect(new.prompt == "cat , dog\nbird <lora:d:te=0.5> <lora:e:1:0.5> <lyco:f:1>")
    #expect(new.loras == [LoRATag(name: "a b"), LoRATag(name: "c")])
    #expect(new.scheduleType == "SGM Uniform" && new.guidanceScale == 1.5 && new.version == "v1.10.1")
    #expect(new.others == [.init("Clip skip", "2"), .init("Hires prompt", "a: b, \"c\"")])
    #expect(new.loraHashes == [.init(name: "a b", hash: "11"), .init(name: "c", hash: "22")])
  }

  @Test func fieldsThatDoNotFitStayFields() {
    let text = Infotext(
      parsing: """
        x
        Steps: many, Seed: -1, Size: 512, CFG scale: inf, Lora hashes: abc, Sampler: A, Sampler: B, Empty: , x: 1, ?! Key: "a"b
        """)
    #expect(text.steps == nil && text.seed == nil && text.size == nil && text.guidanceScale == nil)
    #expect(text.sampler == "A" && text.loraHashes.isEmpty)
    #expect(
      text.others == [
        .init("Steps", "many"), .init("Seed", "-1"), .init("Size", "512"), .init("CFG scale", "inf"),
        .init("Lora hashes", "abc"), .init("Sampler", "B"), .init("Key", "\"a\"b"),
      ])
  }

  @Test func textWithoutFieldsIsAPrompt() {
    #expect(Infotext(parsing: "") == Infotext())
    #expect(Infotext(parsing: " a cat \n") == Infotext(prompt: "a cat"))
    #expect(Infotext(parsing: "a cat\nSteps: 3, Seed: 4") == Infotext(prompt: "a cat\nSteps: 3, Seed: 4"))
    #expect(Infotext(parsing: "Negative prompt: n") == Infotext(negativePrompt: "n"))
    #expect(Infotext(parsing: "Steps: 3, Seed: 4, Size: 8x8").steps == 3)
    // A field without a value counts, but says nothing.
    let empty = Infotext(parsing: "Steps: 3, Model: , Seed: 4")
    #expect(empty.seed == 4 && empty.model == nil && empty.others.isEmpty)
  }

  /// A long prompt without colons is read once, not once from each of its letters.
  @Test func longPromptsAreReadInOnePass() {
    let prompt = String(repeating: "word ", count: 100_000) + "end"
    let brackets = String(repeating: "<", count: 50_000)
    for text in [prompt, brackets] {
      // Compared here: an expectation would print the texts for itself, which takes seconds.
      let isWhole = Infotext(parsing: text).prompt == text
      #expect(isWhole)
    }
  }
}
