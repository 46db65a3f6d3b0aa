import SafeTensors

/// What PEFT's configuration says of an OFT or (IA)³ adapter, and what is right where there is none.
struct PEFTSettings: Sendable {
  /// Whether the file is PEFT's own, whose convolutions are rotated the other way round than OneTrainer's.
  var isPEFT = false
  /// The terms of the series; nil for the exact form, whose blocks turn the other way round in PEFT.
  var terms: Int? = 5
  /// Whether the last term of the series counts twice, as before PEFT 0.18.
  var isEarlySeries = false
  /// The greatest length of a block, before it is divided by the square root of their number (`coft`); nil for any.
  var greatest: Double?
  /// The layers that (IA)³ scales at their inputs, by the ends of their names; nil where nothing tells.
  var feedForward: [String]?
  /// What is assumed for want of a configuration; shown by whoever inspects the file.
  var problem: String?

  private static let prefix = "base_model.model."

  /// Reads `adapter_config.json` beside the file.
  ///
  /// OneTrainer writes none; it always takes five terms, as PEFT does unless told.
  init(file: SafeTensorsFile, readsSidecar: Bool = true) throws(AdapterError) {
    let folder = file.path.lastIndex(of: "/").map { String(file.path[...$0]) } ?? ""
    // At the beginning or behind the network's name, and all keys have it or none: searching all of every key would take
    // a third of a listing's time.
    isPEFT = [file.header.tensors.first, file.header.tensors.last].contains { tensor in
      guard let name = tensor?.name else { return false }
      if name.hasPrefix(Self.prefix) { return true }
      return name.utf8.firstIndex(of: UInt8(ascii: ".")).map {
        name[name.utf8.index(after: $0)...].hasPrefix(Self.prefix)
      } ?? false
    }
    let path = folder + "adapter_config.json"
    guard isPEFT, readsSidecar else { return }
    let bytes: [UInt8]
    do {
      guard let found = try TextFile.contents(path) else {
        if file.header.tensors.contains(where: { $0.name.hasSuffix("oft_R.weight") }) {
          problem =
            "no adapter_config.json beside the file says how its rotations are meant, so five terms of the series "
            + "are taken, as PEFT does since version 0.18 unless told"
        }
        return
      }
      bytes = found
    } catch {
      throw AdapterError(path: path, rule: .sidecar, detail: error.detail)
    }
    let json: JSONValue
    do { json = try JSONParser.parse(bytes) } catch {
      throw AdapterError(
        path: path, rule: .sidecar, detail: "is not JSON (\(error.message)); mend it or move it away from the adapter")
    }
    if case .array(let names)? = json["feedforward_modules"] { feedForward = names.compactMap(\.string) }
    guard json["peft_type"]?.string == "OFT" else { return }
    // Versions before the series did not write the key.
    let usesSeries = json["use_cayley_neumann"]?.bool ?? false
    let count = json["num_cayley_neumann_terms"]?.number ?? 5
    guard count >= 1, count <= 64, count == count.rounded() else {
      throw AdapterError(
        path: path, rule: .sidecar,
        detail: "num_cayley_neumann_terms is \(count), which is no whole number from 1 to 64")
    }
    terms = usesSeries ? Int(count) : nil
    // Versions before 0.18 did not write their number either.
    let version = json["peft_version"]?.string?.split(separator: ".").prefix(2).map { Int($0) ?? 0 } ?? []
    isEarlySeries = usesSeries && version.lexicographicallyPrecedes([0, 18])
    if json["coft"]?.bool == true { greatest = json["eps"]?.number ?? 6e-5 }
  }
}
