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

  func encode(_ message: some Message) throws -> [UInt8] {
    switch self {
    case .json: try message.jsonUTF8Bytes()
    case .proto: try message.serializedBytes()
    }
  }
}
