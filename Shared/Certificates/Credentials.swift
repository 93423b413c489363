import Crypto
import NIOCore
package import NIOSSL
import Synchronization

/// Whether a server asks its clients for certificates.
package enum ClientCertificatePolicy: String, Sendable, Hashable, CaseIterable {
  case none
  /// A client may have one; a certificate that can't be trusted ends the connection all the same.
  case request
  case require
}

/// One side's certificate, key and trust, which follow their files while connections go on.
///
/// Connections keep what they were made with.
package final class Credentials: Sendable {
  package enum Role: Sendable, Hashable {
    case server(clients: ClientCertificatePolicy)
    /// Checks the server's certificate, and its name against that of the address.
    case client
    /// Trusts whoever answers, for questions to this machine that hold nothing secret.
    case trustingClient
  }

  private struct State {
    var context: NIOSSLContext
    /// Of the files as they were last read, even where they could not be used.
    var digest: SHA256Digest
  }

  private let files: CertificateFiles
  private let role: Role
  private let state: Mutex<State>

  /// Reads the files.
  ///
  /// Throws everything that is wrong with them. A server needs a certificate and a key, and
  /// authorities when it asks for clients' certificates.
  package init(_ files: CertificateFiles, role: Role) throws(CertificateProblems) {
    self.files = files
    self.role = role
    let reading = CertificateReading(files)
    let context = try Self.context(of: reading, files, role)
    self.state = Mutex(State(context: context, digest: reading.digest))
  }

  /// What the next connection is made with.
  package var context: NIOSSLContext { self.state.withLock { $0.context } }

  /// Reads the files again and uses them if they have changed; blocks for as long as that takes.
  ///
  /// - Returns: Whether they have changed.
  /// - Throws: What is wrong with them, once for each change; what was used before stays in use.
  package func reload() throws(CertificateProblems) -> Bool {
    let reading = CertificateReading(self.files)
    let isNew = self.state.withLock { state in
      defer { state.digest = reading.digest }
      return state.digest != reading.digest
    }
    guard isNew else { return false }
    let context = try Self.context(of: reading, self.files, self.role)
    self.state.withLock { $0.context = context }
    return true
  }

  private static func context(
    of reading: CertificateReading,
    _ files: CertificateFiles,
    _ role: Role
  ) throws(CertificateProblems) -> NIOSSLContext {
    var reading = reading
    if case .server(let clients) = role {
      if files.certificate == nil { reading.add(.certificate, "a server needs a certificate") }
      if clients != .none, files.authorities == nil {
        reading.add(.authorities, "clients' certificates need an authority to come from")
      }
    }
    if reading.problems.isEmpty {
      do {
        return try NIOSSLContext(configuration: Self.configuration(of: reading, role))
      } catch {
        // Each part was read well, so it is their being together that is refused.
        reading.add(.key, "\(files.key ?? ""): the key is not the certificate's")
      }
    }
    throw CertificateProblems(reading.problems)
  }

  private static func configuration(
    of reading: CertificateReading,
    _ role: Role
  ) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.shutdownTimeout = .milliseconds(500)
    configuration.certificateChain = reading.chain.map { .certificate($0) }
    configuration.privateKey = reading.key.map { .privateKey($0) }
    if !reading.authorities.isEmpty {
      configuration.trustRoots = .certificates(reading.authorities)
    }
    switch role {
    case .client:
      configuration.applicationProtocols = ["h2"]
    case .trustingClient:
      configuration.applicationProtocols = ["h2"]
      configuration.certificateVerification = .none
    case .server(let clients):
      configuration.applicationProtocols = ["h2", "http/1.1"]
      configuration.sendCANameList = clients != .none
      configuration.certificateVerification =
        switch clients {
        case .none: .none
        case .request: .optionalVerification
        case .require: .noHostnameVerification
        }
    }
    return configuration
  }
}
