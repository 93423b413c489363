/// What a server found out about a request by its header alone, before it read the body.
package struct HTTPAdmission: Sendable, Hashable {
  /// Who is calling, fit for logs; empty where nobody asked.
  ///
  /// The name of a key, never the key; callers without one are told apart by their address.
  package var caller: String
  package var priority: CallPriority
  /// To be added to the response, whatever it will be.
  package var fields: HeaderFields

  package init(
    caller: String = "",
    priority: CallPriority = .standard,
    fields: HeaderFields = [:]
  ) {
    self.caller = caller
    self.priority = priority
    self.fields = fields
  }
}

/// Which calls go first, and which are refused first, where there are more than can be served.
package enum CallPriority: String, Sendable, Hashable, CaseIterable {
  case sheddable
  case standard = "default"
  case critical

  /// 0 for those that go last.
  package var rank: Int {
    switch self {
    case .sheddable: 0
    case .standard: 1
    case .critical: 2
    }
  }
}
