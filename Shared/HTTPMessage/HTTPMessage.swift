/// How a request came, as in "HTTP/1.1".
package enum HTTPVersion: String, Sendable, Hashable {
  case http1_0 = "1.0"
  case http1_1 = "1.1"
  case http2 = "2"
}

/// A request whose body has arrived whole.
package struct HTTPRequest: Sendable, Hashable {
  package var method: String
  /// "http" or "https".
  package var scheme: String
  /// Host and port, as in "127.0.0.1:8080".
  package var authority: String
  /// Path and query as they stand on the wire, as in "/a/b?c=d".
  package var target: String
  package var fields: HeaderFields
  package var body: [UInt8]
  /// Asks a client for the response as soon as its head has come, with a streamed body.
  package var wantsStream = false
  /// Whether a client that repeats requests by itself, as libcurl does on a kept connection that
  /// turns out dead, has to send this one at most once.
  package var isSentOnce = false
  /// The address that the request came from, as in "127.0.0.1"; empty where no server set it.
  package var peer = ""
  /// What the server that read the request found out by its header; `nil` where it didn't ask.
  package var admission: HTTPAdmission?
  /// Set by servers; clients speak what they speak.
  package var version = HTTPVersion.http1_1
  /// Who sent it, where a server asked for a certificate and got one.
  package var clientCertificate: ClientCertificate?

  package init(
    method: String,
    scheme: String = "http",
    authority: String = "",
    target: String,
    fields: HeaderFields = [:],
    body: [UInt8] = []
  ) {
    self.method = method
    self.scheme = scheme
    self.authority = authority
    self.target = target
    self.fields = fields
    self.body = body
  }

  /// The target up to its first "?".
  package var path: Substring {
    self.target.utf8.firstIndex(of: UInt8(ascii: "?")).map { self.target[..<$0] }
      ?? self.target[...]
  }

  /// What follows the first "?" of the target.
  package var query: Substring? {
    self.target.utf8.firstIndex(of: UInt8(ascii: "?")).map {
      self.target[self.target.utf8.index(after: $0)...]
    }
  }
}

/// A response whose body is whole, or comes in pieces.
package struct HTTPResponse: Sendable, Hashable {
  /// 100...599.
  package var status: Int
  package var fields: HeaderFields
  /// Empty where the body is streamed.
  package var body: [UInt8]
  /// Gives the body where it is not whole: servers may answer so, and clients do when asked to.
  package var stream: HTTPBodyStream?
  /// What follows a whole body, as gRPC's status does; HTTP/1.1 leaves it out.
  package var trailers: HeaderFields = [:]

  package init(status: Int, fields: HeaderFields = [:], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }
}

/// Whatever answers a request: a router, or a client that sends it to another machine.
///
/// Servers call it with requests and clients offer it for them, so either can be plugged into the
/// other without a socket. A client throws `HTTPTransportError`, and `CancellationError` when its
/// task was cancelled; it streams a response only when the request wants that.
package typealias HTTPHandler = @Sendable (HTTPRequest) async throws -> HTTPResponse
