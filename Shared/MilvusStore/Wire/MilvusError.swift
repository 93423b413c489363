internal import CatalogStore
internal import RPC

/// Why Milvus did not do what it was asked.
struct MilvusError: Error, Sendable {
  enum Kind: Sendable {
    /// Milvus answered with an error of its own.
    case refused(code: Int32, isRetriable: Bool)
    /// There was no answer, or gRPC's error instead.
    case failed(Code)
    /// The answer is not what was asked for.
    case malformed
  }

  let kind: Kind
  let method: MilvusMethod
  /// Milvus's words, or ours; no values of rows.
  let reason: String

  init(_ kind: Kind, _ method: MilvusMethod, _ reason: String) {
    self.kind = kind
    self.method = method
    self.reason = reason
  }

  init(_ status: MilvusStatus, _ method: MilvusMethod) {
    // Servers before 2.3 knew the first of the two codes only; its 4 is "no such collection".
    let code = status.code != 0 ? status.code : status.errorCode == 4 ? 100 : 65_535
    self.init(.refused(code: code, isRetriable: status.retriable), method, status.reason)
  }

  init(_ error: RPCError, _ method: MilvusMethod) {
    self.init(.failed(error.code), method, error.message)
  }

  /// Milvus's code, or `nil` where there is none.
  var code: Int32? {
    if case .refused(let code, _) = self.kind { return code }
    return nil
  }

  var isMissingCollection: Bool { self.code == 100 }
  /// Also said of loaded collections for some seconds after a restart.
  var isNotLoaded: Bool { self.code == 101 }

  /// Whether a question or its answer is larger than a message may be.
  var isTooLarge: Bool {
    if case .failed(.resourceExhausted) = self.kind { return true }
    return false
  }

  /// Whether there was no time left for an answer.
  var isLate: Bool {
    if case .failed(.deadlineExceeded) = self.kind { return true }
    return false
  }

  /// Whether asking again may help: by Milvus's table of codes.
  ///
  /// Source: https://github.com/milvus-io/milvus/blob/master/pkg/util/merr/errors.go
  var isRetriable: Bool {
    switch self.kind {
    case .refused(let code, let isRetriable): isRetriable || Self.retriable.contains(code)
    case .failed(let code): code == .unavailable
    case .malformed: false
    }
  }

  private static let retriable: Set<Int32> = [
    1, 2, 4, 8, 12, 103, 106, 202, 305, 1002, 1807,
  ]
}

extension StoreError {
  /// What an error of Milvus means, in words for who runs the service.
  init(_ error: MilvusError) {
    self =
      switch error.kind {
      case .failed(.canceled): .cancelled
      case .failed(.unauthenticated):
        .unavailable(
          "\(Self.unknownUser): check MILVUS_TOKEN, or MILVUS_USER and MILVUS_PASSWORD"
        )
      case .failed(.permissionDenied), .refused(code: 1401, _):
        .unavailable("Milvus does not let the user do this (\(error.method.rawValue))")
      case .failed(.resourceExhausted):
        .rejected("a message is too large for Milvus (\(error.method.rawValue))")
      case .failed(.deadlineExceeded):
        .unavailable("Milvus did not answer in time (\(error.method.rawValue))")
      case .failed(.unavailable): .unavailable("Milvus cannot be used: \(error.reason)")
      case .failed(let code):
        .unavailable("Milvus cannot be used: \(code.name) (\(error.method.rawValue))")
      case .malformed:
        .unavailable("Milvus's answer to \(error.method.rawValue) \(error.reason)")
      case .refused(let code, _): StoreError(code, error)
      }
  }

  private static let unknownUser =
    "Milvus does not know the user or the token (\(Code.unauthenticated.name))"

  private init(_ code: Int32, _ error: MilvusError) {
    self =
      switch code {
      case 1: .unavailable("Milvus is starting")
      case 3, 12: .unavailable("Milvus has not enough memory or disk")
      case 8, 1807: .unavailable("Milvus limits how often it may be asked")
      case 9: .unavailable("Milvus takes no more: its quota is used up")
      case 100: .unavailable("a collection of the catalog is missing in Milvus")
      case 101, 103, 106:
        .unavailable("Milvus has not loaded the catalog yet, as for some seconds after a restart")
      case 800:
        .unavailable("Milvus has no such database: create it, or change CATALOG_STORE")
      case 1100...1102: .rejected("Milvus refused \(error.method.rawValue): \(error.reason)")
      case 1400, 1800: .unavailable(Self.unknownUser)
      default:
        .unavailable("Milvus failed with code \(code) (\(error.method.rawValue)): \(error.reason)")
      }
  }
}
