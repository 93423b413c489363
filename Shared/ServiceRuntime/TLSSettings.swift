import Certificates

/// How a service proves by TLS who it is, and asks its clients to.
enum TLSSettings {
  static let certificate = Setting<String?>.optional(
    "TLS_CERTIFICATE_FILE",
    "PEM file of the server's certificate, then those that lead to its authority; with it the "
      + "port speaks TLS only. Read again when it changes, and on SIGHUP."
  )
  private static let key = Setting<String?>.optional(
    "TLS_KEY_FILE",
    "PEM file of the certificate's key, without a passphrase."
  )
  private static let authorities = Setting<String?>.optional(
    "TLS_CLIENT_CA_FILE",
    "PEM file of the authorities that clients' certificates must come from."
  )
  private static let clients = Setting<String>.choice(
    "TLS_CLIENT_AUTH",
    default: ClientCertificatePolicy.none.rawValue,
    of: ClientCertificatePolicy.allCases.map(\.rawValue),
    "Whether clients are asked for a certificate, or must have one; its common name, or else its "
      + "first other name, tells callers apart in log and rate limits where no keys are asked for."
  )

  static let table = [
    Self.certificate.about, Self.key.about, Self.authorities.about, Self.clients.about,
  ]

  /// What the server shows, or `nil` where it serves in plain text.
  static func credentials(_ values: SettingValues) throws(ConfigurationProblems) -> Credentials? {
    let files = CertificateFiles(
      certificate: values[Self.certificate],
      key: values[Self.key],
      authorities: values[Self.authorities]
    )
    let clients = ClientCertificatePolicy(rawValue: values[Self.clients]) ?? .none
    guard files != CertificateFiles() || clients != .none else { return nil }
    if clients == .none, files.authorities != nil {
      throw ConfigurationProblems([
        "\(Self.authorities.about.key): \(Self.clients.about.key) asks no client for a certificate"
      ])
    }
    do throws(CertificateProblems) {
      return try Credentials(files, role: .server(clients: clients))
    } catch {
      throw ConfigurationProblems(
        error,
        certificate: Self.certificate.about.key,
        key: Self.key.about.key,
        authorities: Self.authorities.about.key
      )
    }
  }
}

extension ConfigurationProblems {
  /// The problems of files as problems of the settings that name them.
  init(
    _ problems: CertificateProblems,
    certificate: String,
    key: String,
    authorities: String
  ) {
    self.init(
      problems.problems.map { problem in
        let setting =
          switch problem.subject {
          case .certificate: certificate
          case .key: key
          case .authorities: authorities
          }
        return "\(setting): \(problem.text)"
      }
    )
  }
}
