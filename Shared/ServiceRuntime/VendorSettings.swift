import Certificates

/// How to reach one vendor's API: `PREFIX_API_KEY` and `PREFIX_BASE_URL`.
package struct VendorSettings: Sendable {
  package let key: Setting<String?>
  package let baseURL: Setting<String>
  private let name: String
  /// Answers nothing without a key; empty where there is no such address.
  private let ownURL: String
  private let needsKey: Bool

  /// - Parameters:
  ///   - prefix: Of the variables, such as "OPENAI".
  ///   - name: Of the provider, for people.
  ///   - ownURL: The vendor's address; empty where everybody has their own, which then has to be set.
  ///   - isLocal: Whether the address is this machine's, where no key is needed.
  package init(_ prefix: String, _ name: String, ownURL: String = "", isLocal: Bool = false) {
    self.name = name
    self.ownURL = ownURL
    self.needsKey = !isLocal && !ownURL.isEmpty
    self.key = .secret("\(prefix)_API_KEY", "Key of the provider \(name).")
    self.baseURL = .url(
      "\(prefix)_BASE_URL",
      default: ownURL,
      "Where the provider \(name) answers."
    )
  }

  package var table: [SettingDescription] { [self.key.about, self.baseURL.about] }

  /// Reads both.
  ///
  /// - Throws: `ConfigurationProblems` without an address, or without a key for the vendor's own.
  package func access(
    _ values: SettingValues
  ) throws(ConfigurationProblems) -> (baseURL: String, key: String?) {
    let (baseURL, key) = (values[self.baseURL], values[self.key])
    guard !baseURL.isEmpty else {
      throw ConfigurationProblems([
        "\(self.baseURL.about.key): the provider \(self.name) needs an address"
      ])
    }
    guard key != nil || !self.needsKey || baseURL != self.ownURL else {
      throw ConfigurationProblems(["\(self.key.about.key): the provider \(self.name) needs a key"])
    }
    return (baseURL, key)
  }

  /// A PEM file of the certificates to trust, such as those of a company's proxy.
  package static let certificates = Setting<String?>.optional(
    "PROVIDER_CA_FILE",
    "PEM file of the certificates that providers' servers are trusted by, instead of the system's."
  )

  /// The file of `PROVIDER_CA_FILE`, or `nil` for the system's certificates.
  ///
  /// Throws what is wrong with the file, before the first call finds out.
  package static func trustedCertificates(
    _ values: SettingValues
  ) throws(ConfigurationProblems) -> String? {
    guard let path = values[Self.certificates] else { return nil }
    do throws(CertificateProblems) {
      _ = try Credentials(CertificateFiles(authorities: path), role: .client)
    } catch {
      throw ConfigurationProblems(
        error.problems.map { "\(Self.certificates.about.key): \($0.text)" }
      )
    }
    return path
  }
}

extension [SettingDescription] {
  /// Each variable once: providers of one vendor share theirs.
  package var distinct: [SettingDescription] {
    var seen: Set<String> = []
    return self.filter { seen.insert($0.key).inserted }
  }
}

extension Setting where Value == String {
  /// Throws where the value is the default, which is empty, as nothing else will do.
  package func required(
    _ values: SettingValues,
    for provider: String
  ) throws(ConfigurationProblems) -> String {
    let value = values[self]
    guard !value.isEmpty else {
      throw ConfigurationProblems(["\(self.about.key): the provider \(provider) needs it"])
    }
    return value
  }
}

extension Setting where Value == [String] {
  /// Names in order of preference, separated by commas, each at most once.
  package static func names(
    _ key: String,
    default fallback: [String],
    of known: [String],
    _ summary: String
  ) -> Setting {
    Setting(
      key,
      type: "list",
      range: known.joined(separator: ", ") + "; each once",
      shown: fallback.joined(separator: ","),
      summary,
      default: fallback
    ) { text in
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map { name in
        String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      guard Set(names).count == names.count, names.allSatisfy(known.contains) else { return nil }
      return names
    }
  }
}
