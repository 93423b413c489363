/// Host and port of a service of ours.
package struct ServiceAddress: Sendable, Hashable {
  package let host: String
  /// 1...65,535; 80 where the address names none, or 443 with `https://`.
  package let port: Int
  /// Whether the service speaks TLS.
  package let isEncrypted: Bool

  /// Reads `http://host:port` or `https://host:port`, with brackets around an IPv6 address; `nil`
  /// for anything else.
  package init?(url: String) {
    self.isEncrypted = url.hasPrefix("https://")
    guard self.isEncrypted || url.hasPrefix("http://") else { return nil }
    var authority = url.dropFirst(self.isEncrypted ? "https://".count : "http://".count)
    if authority.last == "/" { authority.removeLast() }
    guard !authority.contains(where: { "/?#@ ".contains($0) }) else { return nil }
    let afterHost = authority.lastIndex(of: "]") ?? authority.startIndex
    var port = self.isEncrypted ? 443 : 80
    if let colon = authority[afterHost...].lastIndex(of: ":") {
      guard let number = Int(authority[authority.index(after: colon)...]),
        (1...65_535).contains(number)
      else { return nil }
      port = number
      authority = authority[..<colon]
    }
    if authority.first == "[", authority.last == "]" {
      authority = authority.dropFirst().dropLast()
    }
    guard !authority.isEmpty else { return nil }
    self.host = String(authority)
    self.port = port
  }
}
