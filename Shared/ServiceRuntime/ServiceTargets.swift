package import Channel

/// Where a service of ours answers: one place, or several that do the same work.
package struct ServiceTargets: Sendable, Hashable {
  package let targets: [ChannelTarget]
  /// As it was configured.
  package let text: String

  /// Reads addresses such as `http://host:8081` and names such as `emotion:8081` or `emotion`,
  /// separated by commas; `nil` where one is neither.
  ///
  /// - Parameters:
  ///   - text: As configured; a name stands for every address that it resolves to.
  ///   - defaultPort: Of names that come without one.
  package init?(_ text: String, defaultPort: Int) {
    self.text = text
    var targets: [ChannelTarget] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let place = part.drop { $0 == " " }
      let trimmed = String(place.prefix { $0 != " " })
      guard place.dropFirst(trimmed.count).allSatisfy({ $0 == " " }),
        let target = Self.target(trimmed, defaultPort: defaultPort), !targets.contains(target)
      else { return nil }
      targets.append(target)
    }
    self.targets = targets
  }

  private static func target(_ place: String, defaultPort: Int) -> ChannelTarget? {
    if place.contains("://") {
      return ServiceAddress(url: place).map {
        ChannelTarget(scheme: $0.isEncrypted ? "https" : "http", host: $0.host, port: $0.port)
      }
    }
    let hasPort = place[(place.lastIndex(of: "]") ?? place.startIndex)...].contains(":")
    return ServiceAddress(url: "http://\(place)\(hasPort ? "" : ":\(defaultPort)")")
      .map { ChannelTarget(host: $0.host, port: $0.port) }
  }
}

extension Setting where Value == ServiceTargets {
  /// Where a service answers, on this machine when not set.
  package static func service(
    _ key: String,
    defaultPort: Int,
    _ summary: String
  ) -> Setting {
    let shown = "http://127.0.0.1:\(defaultPort)"
    let fallback = ServiceTargets(
      targets: [ChannelTarget(host: "127.0.0.1", port: defaultPort)],
      text: shown
    )
    return Setting(
      key,
      type: "addresses",
      range: "http(s)://HOST:PORT or HOST[:PORT], separated by commas",
      shown: shown,
      summary,
      default: fallback
    ) { ServiceTargets($0, defaultPort: defaultPort) }
  }
}

extension ServiceTargets {
  fileprivate init(targets: [ChannelTarget], text: String) {
    self.targets = targets
    self.text = text
  }
}
