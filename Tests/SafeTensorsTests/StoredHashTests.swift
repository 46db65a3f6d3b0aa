import Testing

@testable import SafeTensors

/// What files state of themselves, compared.
@Suite("Stored hashes")
struct StoredHashTests {
  private func verdicts(_ metadata: [String: String]) async throws -> [String: StoredHash.Verdict] {
    let folder = try TemporaryFolder()
    // In the file's order w stands before b, which is of a narrower type; by name it is the other way round.
    let tensors: [(TensorDeclaration, [UInt8])] = [
      (.init(name: "w", dtype: .f32, shape: [1]), [1, 2, 3, 4]), (.init(name: "b", dtype: .u8, shape: [2]), [5, 6]),
    ]
    let header = Header.encoded(tensors: Header.written(tensors.map(\.0)), metadata: metadata)
    let path = try folder.file("a.safetensors", header + [1, 2, 3, 4, 5, 6])
    let file = try SafeTensorsFile(path: path)
    let stored = try StoredHash.all(in: file, hashes: try await file.hashes())
    return Dictionary(uniqueKeysWithValues: stored.map { ($0.key, $0.verdict) })
  }

  /// By sha256sum of the six bytes, in the file's order and by name.
  private let tensors = "7192385c3c0605de55bb9476ce1d90748190ecb32a8eed7f5207b30cf6a1fe89"

  @Test func theTensorsOwn() async throws {
    let byName = SHA256Hash.hex(of: [5, 6, 1, 2, 3, 4])
    #expect(SHA256Hash.hex(of: [1, 2, 3, 4, 5, 6]) == tensors)
    #expect(try await verdicts(["sshs_model_hash": tensors])["sshs_model_hash"] == .right)
    #expect(try await verdicts(["sshs_model_hash": String(tensors.prefix(12))])["sshs_model_hash"] == .right)
    #expect(try await verdicts(["sshs_model_hash": byName])["sshs_model_hash"] == .wrong)
    #expect(try await verdicts(["sshs_model_hash": FileHashes.ofNothing])["sshs_model_hash"] == .empty)
    #expect(try await verdicts(["sshs_model_hash": ""])["sshs_model_hash"] == .wrong)
    #expect(try await verdicts(["modelspec.hash_sha256": "0x\(tensors)"])["modelspec.hash_sha256"] == .right)
    #expect(try await verdicts(["modelspec.hash_sha256": tensors.uppercased()])["modelspec.hash_sha256"] == .right)
    #expect(try await verdicts(["modelspec.hash_sha256": "0x\(byName)"])["modelspec.hash_sha256"] == .rightByName)
    #expect(try await verdicts(["modelspec.hash_sha256": "0x1234567890"])["modelspec.hash_sha256"] == .wrong)
  }

  @Test func whatCannotBeChecked() async throws {
    let found = try await verdicts([
      "sshs_legacy_hash": "12345678", "ss_sd_model_hash": "abcdef12", "ss_new_sd_model_hash": FileHashes.ofNothing,
      "ss_vae_hash": "None",
    ])
    #expect(found == ["sshs_legacy_hash": .uncheckable, "ss_sd_model_hash": .base, "ss_new_sd_model_hash": .empty])
    #expect(try await verdicts(["sshs_legacy_hash": "e3b0c442"]) == ["sshs_legacy_hash": .empty])
  }

  /// AutoV1 of a file that has the bytes it is of, by hashlib.
  @Test func theMiddle() async throws {
    let folder = try TemporaryFolder()
    let count = 0x11_0000
    let tensor = TensorDeclaration(name: "w", dtype: .u8, shape: [count])
    let path = folder.path("m.safetensors")
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 256) }
    try write(path, [(tensor, bytes)])
    let whole = try contents(path)
    let hashes = try await SafeTensorsFile(path: path).hashes()
    #expect(hashes.middle == SHA256Hash.hex(of: Array(whole[0x10_0000..<0x11_0000])))
    #expect(hashes.autoV1.count == 8 && hashes.whole == SHA256Hash.hex(of: whole))
    // Files that end within them have what there is.
    try write(
      folder.path("n.safetensors"), [(.init(name: "w", dtype: .u8, shape: [0x10_0000]), Array(bytes[..<0x10_0000]))])
    let short = try contents(folder.path("n.safetensors"))
    #expect(
      try await SafeTensorsFile(path: folder.path("n.safetensors")).hashes().middle
        == SHA256Hash.hex(of: Array(short[0x10_0000...])))
  }
}
