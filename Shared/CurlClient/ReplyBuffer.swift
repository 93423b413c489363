import HTTPMessage

/// What has arrived of a response.
struct ReplyBuffer {
  private static let maxHeaderBytes = 65_536

  var maxBodyBytes = 0
  private(set) var fields = HeaderFields()
  private(set) var body: [UInt8] = []
  private(set) var isTooLarge = false
  /// Whether the header's last, empty line has come.
  private(set) var isHeaderWhole = false
  private var headerBytes = 0

  /// Adds a piece of the body; false when that would pass the limit.
  mutating func appendBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= self.maxBodyBytes - self.body.count else {
      self.isTooLarge = true
      return false
    }
    self.body.append(contentsOf: bytes)
    return true
  }

  /// Adds one line, its end included; false when the header grows too large.
  mutating func appendHeaderLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
    self.headerBytes += bytes.count
    guard self.headerBytes <= Self.maxHeaderBytes else {
      self.isTooLarge = true
      return false
    }
    let line = String(decoding: bytes, as: UTF8.self)
    if line.utf8.starts(with: "HTTP/".utf8) {
      // The status line of this response: what came before it was an interim one's.
      self.fields = HeaderFields()
      self.isHeaderWhole = false
      return true
    }
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      if line == "\r\n" || line == "\n" { self.isHeaderWhole = true }
      return true
    }
    let value = line[line.utf8.index(after: colon)...]
    self.fields.append(line[..<colon].lowercased(), Self.trimmed(value))
    return true
  }

  private static func trimmed(_ value: Substring) -> String {
    func isBlank(_ byte: UInt8) -> Bool {
      byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }
    guard let first = value.utf8.firstIndex(where: { !isBlank($0) }),
      let last = value.utf8.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(value[first...last])
  }
}
