import Adapters
import Foundation
import Merge
import SafeTensors
import TOML
import Testing

@testable import troupe

@Suite("Recipe files")
struct RecipeFileTests {
  static let full = """
    # A cast.
    method = "svd"   # truncated
    rank = 32
    conv_rank = 1_6
    dtype = "f16"
    to = "kohya"
    output = 'cast.safetensors'
    lambda = 1e-1
    normalise = true
    exclude = [
      "te2.**",  # bigG
      "**.ff.**",
    ]

    [options]
    density = 0.5
    seed = 7.0
    protect = "konrad"
    "quoted key" = false

    [[source]]
    file = "a/konrad.safetensors"
    strength = 0.8
    te = 0.5
    te1 = -1
    blocks = [1, 0, 0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1]
    [source.layers]
    "unet.**.attn2.**" = 0.25
    "unet.mid_block.**" = 2

    [[source]]
    file = "lisar \\"2\\" \\u00e9.safetensors"
    unet = 0.5
    blocks = "MID,OUT=0.5"
    layers = { "te1.**" = 0, "**.to_k" = 1.5 }
    """

  @Test func everyKeyIsRead() throws {
    let recipe = try RecipeFile(text: Self.full, path: "cast.toml")
    #expect(recipe.method == "svd" && recipe.rank == 32 && recipe.convRank == 16 && recipe.dtype == "f16")
    #expect(recipe.to == "kohya" && recipe.output == "cast.safetensors" && recipe.lambda == 0.1)
    #expect(recipe.normalise == true && recipe.exclude == ["te2.**", "**.ff.**"])
    #expect(
      recipe.options == [
        "density": .number(0.5), "seed": .integer(7), "protect": .text("konrad"), "quoted key": .bool(false),
      ])
    #expect(recipe.sources.map(\.file) == ["a/konrad.safetensors", "lisar \"2\" é.safetensors"])
    let (konrad, lisar) = (recipe.sources[0], recipe.sources[1])
    #expect(konrad.strength == 0.8 && konrad.te == 0.5 && konrad.te1 == -1 && konrad.te2 == nil && konrad.unet == nil)
    #expect(konrad.blocks == "1,0,0,0.5,1,1,1,1,1,1,1,1" && lisar.blocks == "MID,OUT=0.5")
    #expect(
      konrad.layers == [
        .init(pattern: "unet.**.attn2.**", weight: 0.25), .init(pattern: "unet.mid_block.**", weight: 2),
      ])
    #expect(lisar.layers == [.init(pattern: "te1.**", weight: 0), .init(pattern: "**.to_k", weight: 1.5)])
  }

  @Test func weightsOfASource() throws {
    let recipe = try RecipeFile(text: Self.full, path: "cast.toml")
    let weights = try recipe.sources[0].layerWeights(architecture: .sdxl, exclude: recipe.exclude)
    func weight(_ part: ModelPart, _ name: String) -> Double { weights.weight(of: .init(part: part, name: name)) }
    #expect(weights.textEncoder1 == -1 && weights.textEncoder2 == 0.5)
    // BASE is 1 and wins over te1; the second encoder is excluded.
    #expect(weight(.textEncoder1, "text_model.encoder.layers.0.mlp.fc1") == 1)
    #expect(weight(.textEncoder2, "text_model.encoder.layers.0.mlp.fc1") == 0)
    #expect(weight(.unet, "down_blocks.2.attentions.0.transformer_blocks.0.attn1.to_q") == 0.5)
    #expect(weight(.unet, "down_blocks.2.attentions.0.transformer_blocks.0.attn2.to_q") == 0.25)
    #expect(weight(.unet, "mid_block.attentions.0.transformer_blocks.0.attn2.to_q") == 2)
    #expect(weight(.unet, "mid_block.attentions.0.transformer_blocks.0.ff.net.2") == 0)
    // Twelve numbers are SDXL's: known only with the file.
    let error = #expect(throws: LayerWeightsError.self) {
      try recipe.sources[0].layerWeights(architecture: .sd1, exclude: [])
    }
    #expect(error?.rule == .count)
  }

  @Test func canonicalTextReadsBack() throws {
    let recipe = try RecipeFile(text: Self.full, path: "cast.toml")
    var sorted = recipe
    sorted.exclude.sort()
    #expect(try RecipeFile(text: recipe.canonicalText, path: "again") == sorted)
    #expect(try RecipeFile(text: recipe.canonicalText, path: "again").canonicalText == recipe.canonicalText)
    let decoded = try JSONDecoder().decode(RecipeFile.self, from: JSONEncoder().encode(recipe))
    #expect(decoded == recipe)
  }

  /// What does not change the merge does not change the hash, and what does, does.
  @Test func hash() throws {
    func hash(_ text: String) throws -> String { try RecipeFile(text: text, path: "x").hash }
    let plain =
      "rank = 4\nlambda = 1\n[[source]]\nfile = \"a\"\nstrength = 1\n[source.layers]\n\"te1.**\" = 1\n\"**\" = 2"
    let same =
      "\u{FEFF}lambda=1.0 # one\r\n'rank' = +4\r\n\r\n[[ source ]]\r\nstrength=1e0\r\nfile='a'\r\n"
      + "layers = {'te1.**'=1, '**'=2}"
    #expect(try hash(plain) == hash(same))
    #expect(try hash(plain) != hash(plain.replacingOccurrences(of: "= 4", with: "= 5")))
    #expect(try RecipeFile(text: "[[source]]\nfile='a'", path: "").canonicalText == "[[source]]\nfile = \"a\"\n")
    // printf '[[source]]\nfile = "a"\n' | sha256sum
    #expect(try hash("[[source]]\nfile='a'") == "05c6774ac01543ed8369b2729644cf1dfe7392ba9190949fef6a8c75bc8bfab8")
  }

  @Test(arguments: [
    ("ranks = 4", 1, RecipeFileError.Rule.unknownKey, "did you mean \"rank\"?"),
    ("\n\nconv-rank = 4", 3, .unknownKey, "\"conv_rank\""), ("zzzzzzzzzz = 1", 1, .unknownKey, "the nearest known"),
    ("[[source]]\nfile='a'\nstrenght=1", 3, .unknownKey, "\"strength\""), ("[optons]", 1, .unknownKey, "\"options\""),
    ("rank = 4\nrank = 5", 2, .duplicate, "line 1"), ("[options]\n[options]", 2, .duplicate, "[options]"),
    ("[[source]]\n[source.layers]\n[source.layers]", 3, .duplicate, "twice"),
    ("[[source]]\n[source]", 2, .duplicate, "[[source]]"),
    ("options = 1\n[options]", 2, .duplicate, "line 1"),
    ("rank = 4.5", 1, .value, "a number was given"), ("rank = 0", 1, .value, "1 to 4096"),
    ("rank = '4'", 1, .value, "text"),
    ("method = 1", 1, .value, "quotes"), ("method = ''", 1, .value, "empty"), ("dtype = 'int8'", 1, .value, "f16"),
    ("to = 'x'", 1, .value, "kohya"), ("normalise = 1", 1, .value, "true or false"),
    ("lambda = true", 1, .value, "a number"),
    ("exclude = 'a'", 1, .value, "list"), ("exclude = [1]", 1, .value, "patterns"),
    ("exclude = ['a..b']", 1, .value, "empty"),
    ("options = 1", 1, .value, "table"), ("[options]\nx = [1]", 2, .value, "options.x"),
    ("source = 1", 1, .value, "[[source]]"),
    ("[source]\nfile = 'a'", 1, .value, "[[source]]"), ("[[source]]\nstrength = 1", 1, .missing, "file"),
    ("[[source]]\nfile='a'\nblocks=[1,2]", 3, .value, "2 were given"),
    ("[[source]]\nfile='a'\nblocks=['x']", 3, .value, "numbers"),
    ("[[source]]\nfile='a'\nblocks=true", 3, .value, "true or false was given"),
    ("[[source]]\nfile='a'\nblocks='IN77=1'", 3, .value, "IN77"),
    ("[[source]]\nfile='a'\n[source.layers]\n'x**'=1", 4, .value, "**"),
    ("[[source]]\nfile='a'\n[source.layers]\n'**'='x'", 4, .value, "text"),
    ("rank", 1, .syntax, "="), ("rank =", 1, .syntax, "value"), ("rank = 4 5", 1, .syntax, "new line"),
    ("a.b = 1", 1, .syntax, "dotted"),
    ("rank = 01", 1, .syntax, "01"), ("rank = .5", 1, .syntax, ".5"), ("rank = 1__0", 1, .syntax, "1__0"),
    ("rank = 1.", 1, .syntax, "1."),
    ("rank = nan", 1, .syntax, "nan"), ("rank = 1e999", 1, .syntax, "1e999"),
    ("rank = 99999999999999999999", 1, .syntax, "64 bits"),
    ("rank = 1979-05-27", 1, .syntax, "1979"), ("method = \"", 1, .syntax, "same line"),
    ("method = \"\"\"x\"\"\"", 1, .syntax, "several lines"),
    ("method = \"\\q\"", 1, .syntax, "escape"), ("method = \"\\uD800\"", 1, .syntax, "hexadecimal"),
    ("method = \"\\u12", 1, .syntax, "hexadecimal"),
    ("method = \"a\u{1}\"", 1, .syntax, "control"), ("exclude = ['a'", 1, .syntax, "list"),
    ("exclude = [,]", 1, .syntax, "value"),
    ("x = {a=1", 1, .syntax, "inline"), ("x = {a=1,a=2}", 1, .duplicate, "\"a\""), ("[a", 1, .syntax, "]"),
    ("[[a]", 1, .syntax, "]]"), ("[]", 1, .syntax, "key"),
    ("[a.b.c.d.e]", 1, .syntax, "4 deep"), ("é = 1", 1, .syntax, "quotes"),
  ])
  func refusals(text: String, line: Int, rule: RecipeFileError.Rule, part: String) {
    let error = #expect(throws: RecipeFileError.self) { try RecipeFile(text: text, path: "cast.toml") }
    #expect(error?.rule == rule && error?.line == line, "\(error?.description ?? "none")")
    #expect(error?.detail.contains(part) == true, "\(error?.description ?? "none")")
    #expect(error?.description.hasPrefix("cast.toml:\(line): ") == true)
  }

  @Test(arguments: ["", "# nothing", "rank = 4"]) func aRecipeNeedsASource(text: String) {
    let error = #expect(throws: RecipeFileError.self) { try RecipeFile(text: text, path: "x") }
    #expect(error?.rule == .missing && error?.line == nil)
  }

  /// Cut, doubled and nested texts end in an error or a recipe, never in a crash.
  @Test func damagedTexts() {
    let scalars = Array(Self.full.unicodeScalars)
    for count in scalars.indices {
      let cut = String(String.UnicodeScalarView(scalars[..<count]))
      _ = try? RecipeFile(text: cut, path: "x")
      for extra in ["\"", "[", "]", "=", "\\", "{", "\n\n[source"] { _ = try? RecipeFile(text: cut + extra, path: "x") }
    }
    let error = #expect(throws: RecipeFileError.self) {
      try RecipeFile(text: "x = " + String(repeating: "[", count: 100_000), path: "x")
    }
    #expect(error?.rule == .syntax)
  }

  @Test func files() throws {
    try CommandLineHarness.scratch { folder in
      let path = "\(folder)/cast.toml"
      func rule() -> RecipeFileError.Rule? {
        do { _ = try RecipeFile.read(path: path) } catch { return (error as? RecipeFileError)?.rule }
        return nil
      }
      #expect(rule() == .missing)
      try Data([0x72, 0xFF]).write(to: URL(filePath: path))
      #expect(rule() == .syntax)
      try Data(count: RecipeFile.largest + 1).write(to: URL(filePath: path))
      #expect(rule() == .syntax)
      try Data(Self.full.utf8).write(to: URL(filePath: path))
      #expect(try RecipeFile.read(path: path).sources.count == 2)
    }
    #expect(RecipeFile.path(of: "../a", recipe: "x/y/cast.toml") == "x/y/../a")
    #expect(
      RecipeFile.path(of: "/a", recipe: "x/cast.toml") == "/a" && RecipeFile.path(of: "a", recipe: "c.toml") == "a")
  }

  @Test func dryRun() throws {
    let recipe = try RecipeFile(text: Self.full, path: "cast.toml")
    let lines = recipe.dryRun(width: 100, style: .plain)
    #expect(lines.contains("method      svd") && lines.contains("rank        32, convolutions 16"))
    #expect(lines.contains("density     0.5") && lines.contains("without     te2.**"))
    #expect(lines.contains("recipe      \(recipe.hash.prefix(12))"))
    #expect(lines.contains("strength  te1  te2  unet  LoRA"))
    #expect(lines.contains("     0.8   -1  0.5     1  a/konrad.safetensors"))
    #expect(lines.contains("                            unet.**.attn2.** = 0.25"))
  }

  @Test func theExampleIsARecipe() throws {
    let path = CommandLineHarness.root.appending(path: "examples/merge-by-recipe/cast.toml").path
    let recipe = try RecipeFile.read(path: path)
    for source in recipe.sources {
      let adapter = try Adapter(path: RecipeFile.path(of: source.file, recipe: path))
      let weights = try source.layerWeights(architecture: adapter.architecture, exclude: recipe.exclude)
      #expect(weights != .all && weights.unusedPatterns(among: adapter.modules.map(\.path)).isEmpty)
    }
  }
}
