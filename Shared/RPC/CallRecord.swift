package import HTTPMessage
package import Telemetry

/// What an access log may know of a request: nothing of its content.
package struct CallRecord: Sendable {
  /// The path of a registered method or page, as in "/grpc.health.v1.Health/Check", or "_OTHER".
  package var method: String
  /// The HTTP status.
  package var status: Int
  /// `nil` when the request was answered with what it asked for.
  package var code: Code?
  /// The type of the error that no caller is told of, or `nil`; never its text.
  package var failure: String?
  /// From the request's arrival, whole, to its response, whole; zero when it never arrived whole.
  package var duration: Duration
  package var requestID: String
  /// `nil` for pages and for calls that name no codec of ours.
  package var codec: Codec?
  /// Of the body, as on the wire.
  package var requestBytes: Int
  /// Of the body, as on the wire.
  package var responseBytes: Int
  /// Of the request, as in "POST".
  package var httpMethod = ""
  package var httpVersion = HTTPVersion.http1_1
  /// The name of the caller's key, or empty; never the key.
  package var caller = ""
  /// Where the caller's trace stands, or `nil` outside of any.
  package var trace: TraceContext?
  /// What began with the request; `nil` where it was refused before it was known what it is for.
  package var watch: CallWatch?
}
