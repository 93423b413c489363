/// Where a catalog lies: proxies of one Milvus, a database, and what its collections' names start
/// with.
package struct MilvusAddress: Sendable, Hashable {
  /// One proxy.
  package struct Proxy: Sendable, Hashable {
    package let host: String
    /// 1...65,535; where the address names none, Milvus's 19530, or 443 by TLS.
    package let port: Int
  }

  /// Whether the proxies speak TLS.
  package let isEncrypted: Bool

  /// At least one.
  package let proxies: [Proxy]
  /// Empty for Milvus's default.
  package let database: String
  /// Letters, digits and underscores, starting with a letter.
  package let prefix: String

  /// How an address is written, for people.
  package static let form = "milvus[s]://HOST:PORT[,HOST:PORT...][/DATABASE][?prefix=NAME]"

  /// Reads an address of the form `form`; `nil` for anything else, a user or password included.
  package init?(_ text: String) {
    self.isEncrypted = text.hasPrefix("milvuss://")
    let scheme = self.isEncrypted ? "milvuss://" : "milvus://"
    guard text.hasPrefix(scheme), !text.contains("@") else { return nil }
    let defaultPort = self.isEncrypted ? 443 : 19_530
    let rest = text.dropFirst(scheme.count)
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let place = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    var prefix = "netflixgpt"
    if parts.count == 2 {
      guard parts[1].hasPrefix("prefix=") else { return nil }
      prefix = String(parts[1].dropFirst("prefix=".count))
    }
    let database = place.count == 2 ? String(place[1]) : ""
    let proxies = place[0].split(separator: ",", omittingEmptySubsequences: false).map { text in
      Proxy(text, defaultPort: defaultPort)
    }
    guard !proxies.contains(nil), prefix.isMilvusName, prefix.utf8.count <= 128,
      database.isEmpty || database.isMilvusName
    else { return nil }
    self.proxies = proxies.compactMap(\.self)
    self.database = database
    self.prefix = prefix
  }
}

extension MilvusAddress.Proxy {
  /// Reads `host`, `host:port` or `[IPv6]:port`.
  fileprivate init?(_ text: Substring, defaultPort: Int) {
    var host = text
    var port = defaultPort
    let afterHost = text.lastIndex(of: "]") ?? text.startIndex
    if let colon = text[afterHost...].lastIndex(of: ":") {
      guard let number = Int(text[text.index(after: colon)...]), (1...65_535).contains(number)
      else { return nil }
      port = number
      host = text[..<colon]
    }
    if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, !host.contains(where: { "/?#[] ".contains($0) }) else { return nil }
    self.host = String(host)
    self.port = port
  }
}

extension String {
  /// Whether Milvus takes it as the name of a database or collection.
  ///
  /// Source: https://milvus.io/docs/limitations.md
  fileprivate var isMilvusName: Bool {
    guard let first = self.utf8.first, first == UInt8(ascii: "_") || first.isLetter,
      self.utf8.count <= 255
    else { return false }
    return self.utf8.allSatisfy { byte in
      byte.isLetter || byte == UInt8(ascii: "_")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
  }
}
