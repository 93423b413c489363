import Glibc

/// The types of frames that tests send or look for.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9113#section-6
enum FrameType: UInt8 {
  case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate
  case continuation
  case unknown = 0x42
}

/// One HTTP/2 frame as it stands on the wire.
func frame(
  _ type: FrameType,
  flags: UInt8 = 0,
  stream: Int32 = 0,
  _ payload: [UInt8] = []
) -> [UInt8] {
  let length = [payload.count >> 16, payload.count >> 8, payload.count].map {
    UInt8(truncatingIfNeeded: $0)
  }
  let identifier = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> $0) }
  return length + [type.rawValue, flags] + identifier + payload
}

enum FrameFlag {
  static let endStream: UInt8 = 1
  static let ack: UInt8 = 1
  static let endHeaders: UInt8 = 4
}

/// What opens a client's connection.
let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(.settings)

/// A header block of literals, each shorter than 127 bytes or with its length in HPACK's prefix form.
func headerBlock(_ fields: [(String, String)]) -> [UInt8] {
  fields.flatMap { name, value in [0] + literal(name) + literal(value) }
}

/// A string of HPACK's, not compressed.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7541#section-5.1
private func literal(_ text: String) -> [UInt8] {
  var rest = text.utf8.count
  guard rest >= 127 else { return [UInt8(rest)] + Array(text.utf8) }
  var length: [UInt8] = [127]
  rest -= 127
  while rest >= 128 {
    length.append(UInt8(rest % 128) | 128)
    rest /= 128
  }
  return length + [UInt8(rest)] + Array(text.utf8)
}

/// A HEADERS frame that opens a stream.
func request(
  stream: Int32,
  method: String = "POST",
  _ fields: [(String, String)] = [],
  ends: Bool = true
) -> [UInt8] {
  let head = [
    (":method", method), (":scheme", "http"), (":path", "/"), (":authority", "x"),
  ]
  return frame(
    .headers,
    flags: FrameFlag.endHeaders | (ends ? FrameFlag.endStream : 0),
    stream: stream,
    headerBlock(head + fields)
  )
}

/// A frame that came, with its payload.
struct ReceivedFrame: Sendable {
  var type: UInt8
  var flags: UInt8
  var stream: Int32
  var payload: [UInt8]

  func isType(_ type: FrameType) -> Bool { self.type == type.rawValue }

  /// The error code of RST_STREAM or GOAWAY.
  var errorCode: Int? {
    switch self.type {
    case FrameType.resetStream.rawValue: self.payload.suffix(4).reduce(0) { $0 << 8 | Int($1) }
    case FrameType.goAway.rawValue:
      self.payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | Int($1) }
    default: nil
    }
  }
}

extension RawConnection {
  /// Reads frames until `isLast` holds for one, or the peer ends.
  func receiveFrames(
    until isLast: (ReceivedFrame) -> Bool = { _ in false }
  ) throws -> [ReceivedFrame] {
    var frames: [ReceivedFrame] = []
    var bytes: [UInt8] = []
    while true {
      while bytes.count >= 9 {
        let length = bytes[0..<3].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 9 + length else { break }
        let received = ReceivedFrame(
          type: bytes[3],
          flags: bytes[4],
          stream: bytes[5..<9].reduce(0) { $0 << 8 | Int32($1) },
          payload: Array(bytes[9..<(9 + length)])
        )
        bytes.removeFirst(9 + length)
        frames.append(received)
        if isLast(received) { return frames }
      }
      let more = try self.receive()
      if more.isEmpty { return frames }
      bytes += more
    }
  }
}

/// Tells threads apart.
func threadIdentity() -> UInt { UInt(pthread_self()) }
