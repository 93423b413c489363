package import HTTPMessage
import Synchronization

/// What a handler knows of the call that it answers.
package struct ServerContext: Sendable {
  /// 1...128 of `[A-Za-z0-9._-]`.
  package let requestID: String
  /// When the caller gets an error instead of the handler's response.
  package let deadline: ContinuousClock.Instant
  /// Of the request.
  package let fields: HeaderFields
  /// Of the response, whether it is a message or an error.
  package let responseFields: ResponseFields
}

/// Header fields that a handler adds to its response.
package final class ResponseFields: Sendable {
  private let fields = Mutex<HeaderFields>([:])

  /// Adds a field with a lower-case name, as in "server-timing".
  package func append(_ name: String, _ value: String) {
    self.fields.withLock { $0.append(name, value) }
  }

  var current: HeaderFields { self.fields.withLock { $0 } }
}
