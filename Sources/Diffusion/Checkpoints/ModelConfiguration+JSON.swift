import Adapters
import SafeTensors

extension ModelConfiguration {
  /// The metadata key under which Troupe's own single files keep their configuration, as JSON.
  ///
  /// Shapes do not tell everything, least of all of small models.
  public static let metadataKey = "troupe.configuration"

  /// Reads the value of ``metadataKey``.
  init(metadata text: String, path: String) throws {
    let json = try ConfigurationObject.parse(Array(text.utf8), path: "\(path), metadata \(Self.metadataKey)")
    func part(_ key: String) throws -> ConfigurationObject {
      guard let found = try json.object(key) else { throw json.failure("\(key) is missing") }
      return found
    }
    let name = try json.text("family")
    guard let family = Architecture(rawValue: name), [.sd1, .sd2, .sdxl].contains(family) else {
      throw json.failure("family is \(name.shortened(to: 40)), none of sd1, sd2 and sdxl")
    }
    func encoder(_ object: ConfigurationObject) throws -> CLIPConfiguration {
      try CLIPConfiguration(
        object, projects: try object.texts("architectures", []).contains("CLIPTextModelWithProjection"))
    }
    self.init(
      family: family, unet: try UNetConfiguration(try part("unet")),
      textEncoder1: try encoder(try part("text_encoder")),
      textEncoder2: try json.object("text_encoder_2").map(encoder),
      vae: try VAEConfiguration(try part("vae"), family: family))
    vae.needsRange = try part("vae").flag("force_upcast", vae.needsRange)
    schedule = try ScheduleConfiguration(try part("scheduler"))
  }

  /// The value of ``metadataKey``.
  var metadata: String {
    var members: [JSONValue.Member] = [
      .init(name: "family", value: .string(family.rawValue)), .init(name: "unet", value: unet.json),
      .init(name: "text_encoder", value: textEncoder1.json), .init(name: "vae", value: vae.json),
      .init(name: "scheduler", value: schedule.json(family: family)),
    ]
    if let textEncoder2 { members.append(.init(name: "text_encoder_2", value: textEncoder2.json)) }
    return JSONValue.object(members).text
  }

  /// The full-size model of a family.
  static func standard(_ family: Architecture) -> ModelConfiguration? {
    switch family {
    case .sd1: .sd15
    case .sd2: .sd2
    case .sdxl: .sdxl
    default: nil
    }
  }
}
