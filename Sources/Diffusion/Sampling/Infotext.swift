/// How a picture was made, in AUTOMATIC1111's text that other programs read (`parameters` of a PNG).
///
/// Prompt, negative prompt and a line of fields. The format cannot hold everything: prompts lose spaces around their
/// lines and blank lines at their ends, a line of the prompt must not begin with `Negative prompt:`, and the last line
/// counts as fields only with three of them or more.
public struct Infotext: Sendable, Hashable {
  /// A field of the last line.
  public struct Field: Sendable, Hashable {
    /// Two characters or more: letters, digits, `_`, spaces, `-`, `/`; the first a letter, digit or `_`.
    public var name: String
    /// Any text; empty ones are not written.
    public var value: String

    /// Makes a field.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A LoRA's name with the hash that identifies its file.
  public struct LoRAHash: Sendable, Hashable {
    /// As in its tag.
    public var name: String
    /// Hexadecimal digits; AUTOMATIC1111 writes the first 12 of the SHA-256 of the tensors.
    public var hash: String

    /// Makes a pair.
    public init(name: String, hash: String) {
      self.name = name
      self.hash = hash
    }
  }

  /// The prompt without LoRA tags.
  public var prompt: String
  /// The negative prompt, or nothing.
  public var negativePrompt: String
  /// The LoRAs, written as tags at the end of the prompt.
  public var loras: [LoRATag]
  /// The number of steps.
  public var steps: Int?
  /// The sampler as AUTOMATIC1111 names it, ``SamplerName/infotextName(_:)``.
  public var sampler: String?
  /// The schedule as AUTOMATIC1111 names it, ``SamplingSchedule/infotextName``.
  public var scheduleType: String?
  /// The scale of guidance.
  public var guidanceScale: Double?
  /// The seed of this picture.
  public var seed: UInt64?
  /// Width and height in pixels.
  public var size: Size?
  /// The checkpoint's hash: the first ten digits of its file's SHA-256.
  public var modelHash: String?
  /// The checkpoint's name.
  public var model: String?
  /// The LoRAs' hashes.
  public var loraHashes: [LoRAHash]
  /// All other fields in their order.
  public var others: [Field]
  /// The program and its version.
  public var version: String?

  /// Width and height in pixels.
  public struct Size: Sendable, Hashable {
    /// In pixels.
    public var width: Int
    /// In pixels.
    public var height: Int

    /// Makes a size.
    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  /// Makes a text without fields, to be filled in.
  public init(prompt: String = "", negativePrompt: String = "", loras: [LoRATag] = []) {
    self.prompt = prompt
    self.negativePrompt = negativePrompt
    self.loras = loras
    loraHashes = []
    others = []
  }
}
