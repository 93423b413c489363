import Dispatch

#if canImport(Glibc)
import Glibc
#endif

/// The system's own look-up of names, `/etc/hosts` and DNS.
package enum SystemResolver {
  /// Why a name has no addresses.
  package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
  }

  /// Look-ups block their thread for as long as a name server takes.
  private static let queue = DispatchQueue(label: "name look-ups", attributes: .concurrent)

  /// The IP addresses of a name, in the order of the system's preference.
  package static func resolve(_ name: String) async throws -> [String] {
    let result = await withCheckedContinuation { continuation in
      self.queue.async {
        continuation.resume(
          returning: Result { () throws(Failure) in try self.addresses(of: name) }
        )
      }
    }
    return try result.get()
  }

  private static func addresses(of name: String) throws(Failure) -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(name, nil, &hints, &first)
    guard status == 0 else { throw Failure(description: String(cString: gai_strerror(status))) }
    defer { freeaddrinfo(first) }
    var addresses: [String] = []
    var next = first
    while let entry = next {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let status = getnameinfo(
        entry.pointee.ai_addr,
        entry.pointee.ai_addrlen,
        &text,
        socklen_t(text.count),
        nil,
        0,
        NI_NUMERICHOST
      )
      let address = String(
        decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
        as: UTF8.self
      )
      if status == 0, !addresses.contains(address) { addresses.append(address) }
      next = entry.pointee.ai_next
    }
    return addresses
  }

  /// Whether `host` is an IP address, which stands for itself.
  static func isAddress(_ host: String) -> Bool {
    var bytes = in6_addr()
    return inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1
  }
}
