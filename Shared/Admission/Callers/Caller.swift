import RPC

/// Who is calling and what they may do.
struct Caller: Sendable {
  /// As in "key:shop", "token:alice" or "address:192.0.2.1"; fit for logs.
  let name: String
  let scopes: Set<Scope>
  /// Its own limits, in place of those for everyone.
  let rates: RatePolicies?
  /// Whether it showed that it is who it says.
  let isKnown: Bool

  /// A caller without a name, where none is asked for.
  ///
  /// An IPv6 network of 64 bits is one caller: whoever has one address of it has them all.
  init(address: String) {
    let groups = address.split(separator: ":", omittingEmptySubsequences: false)
    self.name = "address:" + (groups.count > 4 ? groups.prefix(4).joined(separator: ":") : address)
    self.scopes = Set(Scope.allCases)
    self.rates = nil
    self.isKnown = false
  }

  init(known name: String, scopes: Set<Scope>, rates: RatePolicies?) {
    self.name = name
    self.scopes = scopes
    self.rates = rates
    self.isKnown = true
  }
}

/// What a caller may do.
enum Scope: String, Sendable, Hashable, CaseIterable {
  /// Call methods that change nothing.
  case read
  /// Call methods that may change something.
  case write
  /// Have calls served before those of others, by `X-Priority: critical`.
  case critical
}

/// The two kinds of methods, which have limits of their own.
enum CallClass: String, Sendable, Hashable, CaseIterable {
  case read, write

  init(_ head: CallHead) { self = head.mayChange ? .write : .read }

  var scope: Scope { self == .read ? .read : .write }
}
