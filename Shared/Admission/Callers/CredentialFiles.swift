import FoundationEssentials
import Synchronization

/// The files that say whose keys and tokens are good, read again when they change.
struct CredentialFiles: Sendable {
  private let configuration: AdmissionControl.Configuration
  private let report: @Sendable (String) -> Void

  init(
    _ configuration: AdmissionControl.Configuration,
    report: @escaping @Sendable (String) -> Void
  ) {
    self.configuration = configuration
    self.report = report
  }

  /// How often files are looked at.
  private static let period = Duration.seconds(1)

  func read() async throws(AdmissionProblem) -> Credentials.Content {
    var content = Credentials.Content()
    if let path = self.configuration.keysFile {
      do throws(AdmissionProblem) {
        content.keys = APIKeys(try KeyLine.read(try Self.bytes(path)))
      } catch {
        throw error.of("API_KEYS_FILE", path)
      }
    }
    if self.configuration.jwksFile != nil || self.configuration.tokenSecret != nil {
      content.tokens = try await self.tokens()
    }
    return content
  }

  private func tokens() async throws(AdmissionProblem) -> Tokens {
    var keys: [VerificationKey] = []
    if let path = self.configuration.jwksFile {
      do throws(AdmissionProblem) {
        keys += try await VerificationKey.read(jwks: try Self.bytes(path))
      } catch {
        throw error.of("JWT_JWKS_FILE", path)
      }
    }
    if let secret = self.configuration.tokenSecret {
      do throws(AdmissionProblem) {
        keys.append(try await VerificationKey.shared(secret: secret))
      } catch {
        throw error.of("JWT_SECRET")
      }
    }
    return Tokens(
      keys,
      Tokens.Rules(
        issuer: self.configuration.issuer,
        audience: self.configuration.audience == "*" ? nil : self.configuration.audience,
        clockSkew: self.configuration.clockSkew
      )
    )
  }

  /// Puts what the files say now in the place of what they said, until it is cancelled.
  ///
  /// A file that is no good any more leaves what was read before in force.
  func watch(_ credentials: Credentials) async {
    var seen = self.contents()
    guard seen.contains(where: { $0 != nil }) else { return }
    while (try? await Task.sleep(for: Self.period)) != nil {
      let contents = self.contents()
      guard contents != seen else { continue }
      seen = contents
      do throws(AdmissionProblem) {
        let content = try await self.read()
        credentials.replace(content)
        self.report("keys read again: \(content.keys?.count ?? 0)")
      } catch {
        self.report("keys not read again: \(error.description)")
      }
    }
  }

  private func contents() -> [[UInt8]?] {
    [self.configuration.keysFile, self.configuration.jwksFile].map { path in
      path.flatMap { try? Self.bytes($0) }
    }
  }

  private static func bytes(_ path: String) throws(AdmissionProblem) -> [UInt8] {
    do { return [UInt8](try Data(contentsOf: URL(filePath: path))) } catch {
      throw AdmissionProblem("the file can't be read")
    }
  }
}
