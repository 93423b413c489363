package import Certificates

/// Whom a service trusts, and how it proves who it is, where it calls others by TLS.
package struct ClientTLSSettings: Sendable {
  /// For our own services, which are called by `https://`.
  static let services = ClientTLSSettings(
    prefix: "SERVICE",
    certificates: "the certificates of services called by https://",
    peers: "services that ask"
  )

  private let authorities: Setting<String?>
  private let certificate: Setting<String?>
  private let key: Setting<String?>

  /// - Parameters:
  ///   - prefix: What the settings' names begin with.
  ///   - certificates: What must come from an authority that is trusted, for people.
  ///   - peers: Whom our own certificate is shown to, for people.
  package init(prefix: String, certificates: String, peers: String) {
    self.authorities = .optional(
      "\(prefix)_CA_FILE",
      "PEM file of the authorities that \(certificates) must come from; the system's when not set."
    )
    self.certificate = .optional(
      "\(prefix)_CERTIFICATE_FILE",
      "PEM file of the certificate to show to \(peers) for one."
    )
    self.key = .optional(
      "\(prefix)_KEY_FILE",
      "PEM file of that certificate's key, without a passphrase."
    )
  }

  package var table: [SettingDescription] {
    [self.authorities.about, self.certificate.about, self.key.about]
  }

  /// What to call them with.
  ///
  /// Throws everything that is wrong with the files.
  package func credentials(
    _ values: SettingValues,
    role: Credentials.Role = .client
  ) throws(ConfigurationProblems) -> Credentials {
    let files = CertificateFiles(
      certificate: values[self.certificate],
      key: values[self.key],
      authorities: values[self.authorities]
    )
    do throws(CertificateProblems) {
      return try Credentials(files, role: role)
    } catch {
      throw ConfigurationProblems(
        error,
        certificate: self.certificate.about.key,
        key: self.key.about.key,
        authorities: self.authorities.about.key
      )
    }
  }
}
