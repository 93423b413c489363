import SwiftProtobuf

/// How messages are written.
package enum Codec: String, Sendable, Hashable, CaseIterable {
  case json, proto

  /// As in "application/json".
  package var contentType: String {
    switch self {
    case .json: "application/json"
    case .proto: "application/proto"
    }
  }

  /// The codec of a `Content-Type`, whatever its parameters are, or `nil` for another type.
  package init?(contentType: String) {
    switch contentType {
    case "application/json": self = .json
    case "application/proto": self = .proto
    default:
      let type = contentType.prefix { $0 != ";" }.lowercased()
      guard let end = type.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return nil }
      let trimmed = type[...end]
      guard trimmed.hasPrefix("application/") else { return nil }
      self.init(rawValue: String(trimmed.dropFirst("application/".count)))
    }
  }

  /// The message of a response, decoded away from the event loop when it is large, or `nil` when
  /// the bytes are none.
  nonisolated(nonsending) func decode<M: Message & Sendable>(_ bytes: [UInt8]) async -> M? {
    await computing(bytes.count) { () -> M? in
      switch self {
      case .json:
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        return try? M(jsonUTF8Bytes: bytes, options: options)
      case .proto: return try? M(serializedBytes: bytes)
      }
    }
  }

  func encode(_ message: some Message) throws -> [UInt8] {
    switch self {
    case .json: try message.jsonUTF8Bytes()
    case .proto: try message.serializedBytes()
    }
  }
}
