/// Why a store could not do what it was asked.
package enum StoreError: Error, Sendable, Hashable {
  /// The store cannot be used now; says in plain words what is wrong with it.
  case unavailable(String)
  /// The vectors come from another embedding space than those stored, which are kept as they are.
  case spaceMismatch(expected: String, got: String)
  /// The request can never succeed; says what is wrong with it.
  case rejected(String)
  /// The task was cancelled before anything changed.
  case cancelled
}

extension StoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let reason): reason
    case .spaceMismatch(let expected, let got):
      "the catalog's vectors are of the space \(expected), these are of \(got)"
    case .rejected(let reason): reason
    case .cancelled: "cancelled"
    }
  }
}
