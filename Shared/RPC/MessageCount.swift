/// Counts the messages in a body before they are made, each of which takes far more memory than the
/// two bytes that it may come in.
///
/// Source: https://protobuf.dev/programming-guides/encoding/
struct MessageCount {
  /// More than the largest request that any limit of a service lets pass has.
  static let limit = 50_000

  /// Deeper ones are refused by the decoders.
  private static let mostLevels = 100

  private let shapes: MessageShapes
  private(set) var count = 0

  /// Whether a body may hold more than `limit` messages; what is malformed is left to the decoder.
  ///
  /// - Complexity: O(length), or O(1) for a body that is too short for so many.
  static func isExceeded(
    by bytes: [UInt8],
    _ codec: Codec,
    as name: String,
    in shapes: MessageShapes
  ) -> Bool {
    guard bytes.count > 2 * self.limit else { return false }
    var counter = MessageCount(shapes: shapes)
    switch codec {
    case .json: counter.countObjects(of: bytes)
    case .proto: counter.countFields(of: bytes[...], as: name)
    }
    return counter.count > self.limit
  }

  private init(shapes: MessageShapes) { self.shapes = shapes }

  private mutating func countObjects(of bytes: [UInt8]) {
    var isText = false
    var isEscaped = false
    var depth = 0
    for byte in bytes {
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where isText: isEscaped = true
      case UInt8(ascii: "\""): isText.toggle()
      case UInt8(ascii: "{") where !isText:
        self.count += 1
        depth += 1
        guard depth <= Self.mostLevels else { return }
      case UInt8(ascii: "}") where !isText: depth -= 1
      default: break
      }
    }
  }

  /// Stops where the limit is exceeded, which also bounds how deep messages lie in each other.
  private mutating func countFields(of bytes: ArraySlice<UInt8>, as name: String, depth: Int = 0) {
    self.count += 1
    guard depth <= Self.mostLevels, let shape = self.shapes.messages[name] else { return }
    var rest = bytes
    while self.count <= Self.limit, let key = rest.popVarint() {
      switch key & 7 {
      case 0: guard rest.popVarint() != nil else { return }
      case 1: rest = rest.dropFirst(8)
      case 5: rest = rest.dropFirst(4)
      case 2:
        guard let length = rest.popVarint(), length <= UInt64(rest.count) else { return }
        let field = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        if let name = shape.messages[Int(key >> 3)] {
          self.countFields(of: field, as: name, depth: depth + 1)
        }
      // A group's fields lie between its tags.
      case 3, 4: continue
      default: return
      }
    }
  }
}

extension ArraySlice<UInt8> {
  fileprivate mutating func popVarint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = self.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
