import NIOCore

#if canImport(Glibc)
import Glibc
#endif

/// An address that a server can't listen on.
package struct UnavailableAddress: Error, Sendable, CustomStringConvertible {
  package let description: String
  /// Whether it is the port that is taken or reserved, rather than the host that is not this
  /// machine's.
  package let isForPort: Bool

  init(_ error: any Error, host: String, port: Int) {
    let code = (error as? IOError)?.errnoCode
    let reason = code.map { String(cString: strerror($0)) } ?? "\(error)"
    self.description = "can't listen on \(host), port \(port): \(reason)"
    self.isForPort = code == EADDRINUSE || code == EACCES
  }
}
