import RPC

#if canImport(Glibc)
import Glibc
#endif

/// Who is calling and what they may do.
struct Caller: Sendable {
  /// As in "key:shop", "token:alice", "certificate:gateway" or "address:192.0.2.1"; fit for logs.
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
    self.name = "address:\(Self.network(of: address))"
    self.scopes = Set(Scope.allCases)
    self.rates = nil
    self.isKnown = false
  }

  /// A caller whose certificate says who it is, where no keys are asked for.
  init(certified name: String) {
    self.init(known: "certificate:\(name)", scopes: Set(Scope.allCases), rates: nil)
  }

  private static func network(of address: String) -> String {
    var parsed = in6_addr()
    guard inet_pton(AF_INET6, address, &parsed) == 1 else { return address }
    return withUnsafeBytes(of: parsed) { bytes in
      // An IPv4 address in IPv6's form.
      if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
        return bytes.suffix(4).map { String($0) }.joined(separator: ".")
      }
      return stride(from: 0, to: 8, by: 2)
        .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
        .joined(separator: ":")
    }
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
