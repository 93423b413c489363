package import HTTPMessage
package import SwiftProtobuf

/// How a call fails, in words fit for its caller.
package struct RPCError: Error, Sendable {
  package var code: Code
  /// For the caller to read: never a secret, never the text of a mood.
  package var message: String
  package var details: [ErrorDetail]
  /// The header fields and trailers that a client found around the error.
  ///
  /// Servers send nothing of it.
  package var metadata: HeaderFields

  package init(
    _ code: Code,
    _ message: String,
    details: [ErrorDetail] = [],
    metadata: HeaderFields = [:]
  ) {
    self.code = code
    self.message = message
    self.details = details
    self.metadata = metadata
  }

  /// An `invalid_argument` that names the field at fault.
  ///
  /// - Parameters:
  ///   - field: Its JSON path, as in "filter.genresAny[2]".
  ///   - description: What is wrong and what is allowed, as in "must be 1...100, is 101".
  ///   - reason: Upper snake case, as in "OUT_OF_RANGE".
  /// - Returns: The error, with `ErrorInfo` and `BadRequest` as its details.
  package static func invalid(field: String, _ description: String, reason: String) -> RPCError {
    let violation = Google_Rpc_BadRequest.FieldViolation.with {
      $0.field = field
      $0.description_p = description
      $0.reason = reason
    }
    return RPCError(
      .invalidArgument,
      field.isEmpty ? description : "\(field): \(description)",
      details: [
        .errorInfo(reason: reason, metadata: field.isEmpty ? [:] : ["field": field]),
        ErrorDetail(Google_Rpc_BadRequest.with { $0.fieldViolations = [violation] }),
      ]
    )
  }
}

extension RPCError {
  /// The reason of its `ErrorInfo`, as in "OUT_OF_RANGE", or `nil` when it has none.
  package var reason: String? { self.detail(Google_Rpc_ErrorInfo.self)?.reason }

  /// How long to wait before asking again, as its `RetryInfo` says: none to a year, whatever a
  /// peer wrote there.
  package var retryDelay: Duration? {
    self.detail(Google_Rpc_RetryInfo.self).map { info in
      let seconds = min(max(info.retryDelay.seconds, 0), Self.longestRetrySeconds)
      let delay = Duration.seconds(seconds) + .nanoseconds(Int64(info.retryDelay.nanos))
      return min(max(delay, .zero), .seconds(Self.longestRetrySeconds))
    }
  }

  private static let longestRetrySeconds: Int64 = 365 * 24 * 3600

  /// The first detail of a type, or `nil` when there is none that can be read.
  package func detail<Detail: Message>(_ type: Detail.Type) -> Detail? {
    self.details.first { $0.type == Detail.protoMessageName }
      .flatMap { try? Detail(serializedBytes: $0.value) }
  }
}

/// A typed part of an error, as Connect carries it.
package struct ErrorDetail: Sendable, Hashable {
  /// Full name of the message, as in "google.rpc.BadRequest".
  package var type: String
  /// The message in protobuf's binary form.
  package var value: [UInt8]
  /// The message as JSON, for people and for callers without its schema.
  package var debug: String?

  package init(type: String, value: [UInt8], debug: String?) {
    self.type = type
    self.value = value
    self.debug = debug
  }

  /// A detail of any message; one that can't be serialised becomes empty.
  package init<Detail: Message>(_ detail: Detail) {
    self.init(
      type: Detail.protoMessageName,
      value: (try? detail.serializedBytes()) ?? [],
      debug: try? detail.jsonString(options: Self.debugOptions)
    )
  }

  /// Equal errors have equal bodies.
  private static let debugOptions: JSONEncodingOptions = {
    var options = JSONEncodingOptions()
    options.useDeterministicOrdering = true
    return options
  }()

  /// What went wrong in a word that programs can compare.
  package static func errorInfo(reason: String, metadata: [String: String] = [:]) -> ErrorDetail {
    ErrorDetail(
      Google_Rpc_ErrorInfo.with {
        $0.reason = reason
        $0.domain = "netflixgpt"
        $0.metadata = metadata
      }
    )
  }

  /// Whose quota is used up, and which.
  ///
  /// - Parameters:
  ///   - subject: As in "key:shop".
  ///   - id: The quota's name, as in "read".
  ///   - metric: What is counted.
  ///   - value: Of the metric in a window; `nil` where that is nobody's business.
  ///   - description: As in "600 calls in 60 s".
  /// - Returns: A `QuotaFailure`.
  package static func quota(
    subject: String,
    id: String,
    metric: String = "calls",
    value: Int? = nil,
    description: String
  ) -> ErrorDetail {
    let violation = Google_Rpc_QuotaFailure.Violation.with {
      $0.subject = subject
      $0.description_p = description
      $0.quotaMetric = metric
      $0.quotaID = id
      if let value { $0.quotaValue = Int64(value) }
    }
    return ErrorDetail(Google_Rpc_QuotaFailure.with { $0.violations = [violation] })
  }

  /// When it is worth asking again.
  package static func retryInfo(after delay: Duration) -> ErrorDetail {
    let (seconds, attoseconds) = delay.components
    return ErrorDetail(
      Google_Rpc_RetryInfo.with {
        $0.retryDelay = .with {
          $0.seconds = seconds
          $0.nanos = Int32(attoseconds / 1_000_000_000)
        }
      }
    )
  }
}
