import SafeTensors

extension TrainingRecord {
  /// A name and its value, both as stored.
  public struct Setting: Sendable, Codable, Equatable {
    /// The setting's name.
    public var key: String
    /// The setting's value.
    public var value: String

    /// Creates a setting.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The shape of the trained network as the trainer states it; the tensors have the last word.
  public struct Network: Sendable, Codable, Equatable {
    /// The Python module that built the network, for example `networks.lora`.
    public var module: String?
    /// The kind of network in lower case, for example `lora`, `locon`, `loha` or `lokr`.
    public var algo: String?
    /// The rank as stored; may be `Dynamic`.
    public var dimText: String?
    /// The rank, when it is one number.
    public var dim: Int?
    /// The alpha as stored; may be `Dynamic`.
    public var alphaText: String?
    /// The alpha, when it is one number.
    public var alpha: Double?
    /// The rank of the convolution layers, when stated.
    public var convDim: Int?
    /// The alpha of the convolution layers, when stated.
    public var convAlpha: Double?
    /// Whether weights were decomposed into magnitude and direction (DoRA).
    public var isDoRA: Bool
    /// All further arguments of the network, in their stored order.
    public var networkArgs: [Setting]
    /// The share of the network's neurons that was dropped at random, 0...1.
    public var dropout: Double?
    /// The largest norm a layer was allowed to have.
    public var scaleWeightNorms: Double?

    init(reading reader: inout MetadataReader) {
      module = reader.text("ss_network_module")
      let dimText = reader.text("ss_network_dim")
      self.dimText = dimText
      dim = dimText?.lowercased() == "dynamic" ? nil : reader.count("ss_network_dim")
      let alphaText = reader.text("ss_network_alpha")
      self.alphaText = alphaText
      alpha = alphaText?.lowercased() == "dynamic" ? nil : reader.number("ss_network_alpha")
      dropout = reader.number("ss_network_dropout")
      scaleWeightNorms = reader.number("ss_scale_weight_norms")

      var arguments: [Setting] = []
      if let document = reader.json("ss_network_args") {
        if let members = document.members {
          arguments = members.compactMap { member in
            member.value.scalarText.map { Setting(key: member.name, value: $0) }
          }
        } else {
          reader.reject("ss_network_args")
        }
      }
      networkArgs = arguments
      func argument(_ names: String...) -> String? {
        arguments.last { names.contains($0.key.lowercased()) && $0.value != "None" }?.value
      }
      convDim = argument("conv_dim", "conv_rank").flatMap { Int($0) }
      convAlpha = argument("conv_alpha").flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
      isDoRA =
        reader.flag("troupe_dora") ?? false
        || ["dora_wd", "use_dora", "weight_decompose"].contains { argument($0)?.lowercased() == "true" }
      algo =
        (argument("algo") ?? reader.text("troupe_algo"))?.lowercased()
        ?? Self.algo(module: module, hasConvolutions: (convDim ?? 0) > 0)
    }

    /// What a module builds when no algorithm is named.
    private static func algo(module: String?, hasConvolutions: Bool) -> String? {
      guard let module else { return nil }
      // LyCORIS calls its default "lora" but trains convolutions as well.
      if module.hasPrefix("lycoris") { return "locon" }
      let name = module.lastPathComponent.split(separator: ".").last.map(String.init) ?? module
      for known in ["dylora", "loha", "lokr", "oft"] where name.hasPrefix(known) { return known }
      guard name.hasPrefix("lora") || module.hasPrefix("network") else { return nil }
      return hasConvolutions ? "locon" : "lora"
    }
  }
}
