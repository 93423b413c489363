package import HTTPMessage
import Synchronization

/// What a handler knows of the call that it answers.
package struct ServerContext: Sendable {
  /// 1...128 of `[A-Za-z0-9._-]`.
  package let requestID: String
  /// When the caller gets an error instead of the handler's response; far away for a stream without
  /// a time limit.
  package let deadline: ContinuousClock.Instant
  /// Of the request.
  package let fields: HeaderFields
  /// Of the response, whether it is a message or an error.
  ///
  /// A stream's leave with its first message.
  package let responseFields: ResponseFields
  /// What follows the response, whether it is a message or an error.
  package let responseTrailers: ResponseFields
  /// Counts the call as so many more; `nil` where one call is one.
  let charge: (@Sendable (_ more: Int) -> Void)?
}

/// Header fields that a handler adds to its response.
package final class ResponseFields: Sendable {
  private let fields = Mutex<HeaderFields>([:])

  /// Adds a field with a lower-case name, as in "server-timing".
  package func append(_ name: String, _ value: String) {
    self.fields.withLock { $0.append(name, value) }
  }

  /// Adds a binary field, whose name ends in "-bin".
  package func append(_ name: String, bytes: [UInt8]) {
    self.fields.withLock { $0.append(name, bytes: bytes) }
  }

  /// Puts fields in the place of those of the same names.
  func replace(_ fields: HeaderFields) {
    self.fields.withLock { current in
      for field in fields.fields { current[field.name] = field.value }
    }
  }

  var current: HeaderFields { self.fields.withLock { $0 } }
}

extension HeaderFields {
  /// Adds a binary field, whose name ends in "-bin": its value is base64 without padding.
  ///
  /// Source: https://connectrpc.com/docs/protocol#unary-request
  package mutating func append(_ name: String, bytes: [UInt8]) {
    self.append(name, Base64.encode(bytes))
  }

  /// The values of a binary field, with or without padding; those that are no base64 are left out.
  package func binaryValues(of name: String) -> [[UInt8]] {
    // Values that were joined on their way are told apart by their commas.
    self.values(of: name)
      .flatMap { $0.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) }
      .compactMap { value in
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let digits = value.drop(while: isBlank)
        guard let last = digits.lastIndex(where: { !isBlank($0) }) else { return [] }
        return Base64.decode(digits[...last])
      }
  }
}
