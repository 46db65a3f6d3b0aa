import Testing

@testable import SafeTensors

@Suite("Hashes")
struct HashTests {
  /// The examples of FIPS 180-4 and of its test vectors.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func sha256(text: String, digest: String) {
    var hash = SHA256Hash()
    for byte in text.utf8 { hash.update([byte].span.bytes) }
    #expect(hash.hex == digest)
    var whole = SHA256Hash()
    whole.update(Array(text.utf8).span.bytes)
    #expect(whole.hex == digest)
  }

  @Test func ofAFile() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(
      "abc.safetensors", container(#"{"w":["U8",[3],[0,3]]}"#, data: Array("abc".utf8)))
    let file = try SafeTensorsFile(path: path)
    let hashes = try await file.hashes()
    #expect(hashes.tensors == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(try file.tensorHash() == hashes.tensors)
    #expect(hashes.autoV3 == "ba7816bf8f01")
    // By sha256sum of the 33 bytes.
    #expect(hashes.whole == "3354fd76ba53d4d394379f3099beacd982a40ce19c7a4d4e6aa3bc4a9ba9b656")
    #expect(hashes.autoV2 == hashes.whole.prefix(10))
  }

  @Test func ofNothing() async throws {
    let folder = try TemporaryFolder()
    let file = try SafeTensorsFile(path: folder.file("none.safetensors", container("{}")))
    #expect(try await file.hashes().tensors == FileHashes.ofNothing)
  }
}
