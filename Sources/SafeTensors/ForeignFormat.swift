/// A file format that people meet under the name `.safetensors`, known by its first bytes.
public enum ForeignFormat: String, Sendable, CaseIterable {
  case html = "an HTML page"
  case gitLFSPointer = "a Git-LFS pointer"
  case zip = "a PyTorch (zip) checkpoint"
  case pickle = "a Python pickle"
  case gzip = "a gzip archive"
  case zstd = "a zstd archive"
  case gguf = "a GGUF model"
  case json = "bare JSON"
  case picture = "a picture"
  case sevenZip = "a 7-Zip archive"
  case rar = "a RAR archive"
  case zeros = "nothing but zeros"

  /// What its owner should do.
  public var advice: String {
    switch self {
    case .html: "the site sent a page (login, licence or error) instead of the file; download it again while logged in"
    case .gitLFSPointer: "it only names the real file; run `git lfs pull`, or download the file itself"
    case .zip, .pickle:
      "such files can run code when opened, so Troupe does not; convert it with a tool you trust (pickles: only from people you trust)"
    case .gzip, .sevenZip, .rar: "unpack it first"
    case .zstd: "name it `.safetensors.zst`, or unpack it with `unzstd`"
    case .gguf: "that is a quantised model for other programs"
    case .json: "the 8-byte header length before the JSON is missing"
    case .picture: "this is a preview or sample picture, not the model"
    case .zeros: "a download that reserved the space and never filled it; download it again"
    }
  }

  /// Recognises a format by the first bytes of a file, at most 512 of them.
  public init?(firstBytes bytes: [UInt8]) {
    func starts(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
    func starts(_ text: String) -> Bool { bytes.starts(with: Array(text.utf8)) }
    let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let text = String(decoding: bytes.drop { space.contains($0) }.prefix(64), as: UTF8.self).lowercased()
    if starts("version https://git-lfs") {
      self = .gitLFSPointer
    } else if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<?xml") {
      self = .html
    } else if starts([0x50, 0x4B, 0x03, 0x04]) {
      self = .zip
    } else if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      self = .pickle
    } else if starts([0x1F, 0x8B]) {
      self = .gzip
    } else if starts([0x28, 0xB5, 0x2F, 0xFD]) {
      self = .zstd
    } else if starts("GGUF") {
      self = .gguf
    } else if starts([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) {
      self = .sevenZip
    } else if starts("Rar!") {
      self = .rar
    } else if starts([0x89, 0x50, 0x4E, 0x47]) || starts([0xFF, 0xD8, 0xFF]) || starts("RIFF") || starts("GIF8") {
      self = .picture
    } else if text.hasPrefix("{") {
      self = .json
    } else if bytes.count >= 64, bytes.allSatisfy({ $0 == 0 }) {
      self = .zeros
    } else {
      return nil
    }
  }
}
