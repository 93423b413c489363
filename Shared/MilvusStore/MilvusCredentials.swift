internal import FoundationEssentials

/// Who asks.
package enum MilvusCredentials: Sendable {
  case none
  /// An API key, as Zilliz Cloud gives.
  case token(String)
  case user(String, password: String)

  /// The value of `authorization`: base64 without a scheme's name, as Milvus wants it.
  ///
  /// Source: https://milvus.io/docs/authenticate.md
  var field: String? {
    switch self {
    case .none: nil
    case .token(let token): Data(token.utf8).base64EncodedString()
    case .user(let name, let password): Data("\(name):\(password)".utf8).base64EncodedString()
    }
  }
}
