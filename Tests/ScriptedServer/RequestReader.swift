import Glibc
import HTTPMessage

/// Reads requests with a content length from a blocking socket; trusts its peer, which is our own.
struct RequestReader {
  let socket: Int32
  private var buffer: [UInt8] = []

  init(socket: Int32) { self.socket = socket }

  /// The next request, or `nil` when the peer is done.
  mutating func next() -> HTTPRequest? {
    var searched = 0
    while true {
      if let end = self.endOfHeader(from: searched) {
        return self.request(headerEnd: end)
      }
      searched = max(0, self.buffer.count - 3)
      guard self.fill() else { return nil }
    }
  }

  private func endOfHeader(from start: Int) -> Int? {
    guard self.buffer.count >= 4 else { return nil }
    return (start...self.buffer.count - 4).first {
      self.buffer[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8)
    }
  }

  private mutating func request(headerEnd: Int) -> HTTPRequest? {
    let lines = String(decoding: self.buffer[..<headerEnd], as: UTF8.self).split(
      separator: "\r\n"
    )
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    var fields = HeaderFields()
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      fields.append(line[..<colon].lowercased(), String(value))
    }
    let bodyStart = headerEnd + 4
    let bodyEnd = bodyStart + (fields["content-length"].flatMap { Int($0) } ?? 0)
    while self.buffer.count < bodyEnd {
      guard self.fill() else { return nil }
    }
    defer { self.buffer.removeFirst(bodyEnd) }
    return HTTPRequest(
      method: String(words[0]),
      authority: fields["host"] ?? "",
      target: String(words[1]),
      fields: fields,
      body: Array(self.buffer[bodyStart..<bodyEnd])
    )
  }

  private mutating func fill() -> Bool {
    let count = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { chunk in
      let count = recv(self.socket, chunk.baseAddress, chunk.count, 0)
      if count > 0 { self.buffer.append(contentsOf: chunk[..<count]) }
      return count
    }
    return count > 0
  }
}
