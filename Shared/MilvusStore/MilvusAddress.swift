/// Where a catalog lies: proxies of one Milvus, a database, and what its collections' names start
/// with.
package struct MilvusAddress: Sendable, Hashable {
  /// One proxy.
  package struct Proxy: Sendable, Hashable {
    package let host: String
    /// 1...65,535; Milvus's 19530 where the address names none.
    package let port: Int
  }

  /// At least one.
  package let proxies: [Proxy]
  /// Empty for Milvus's default.
  package let database: String
  /// Letters, digits and underscores, starting with a letter.
  package let prefix: String

  /// How an address is written, for people.
  package static let form = "milvus://HOST:PORT[,HOST:PORT...][/DATABASE][?prefix=NAME]"

  /// Reads an address of the form `form`; `nil` for anything else, a user or password included.
  package init?(_ text: String) {
    guard text.hasPrefix("milvus://"), !text.contains("@") else { return nil }
    let rest = text.dropFirst("milvus://".count)
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let place = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    var prefix = "netflixgpt"
    if parts.count == 2 {
      guard parts[1].hasPrefix("prefix=") else { return nil }
      prefix = String(parts[1].dropFirst("prefix=".count))
    }
    let database = place.count == 2 ? String(place[1]) : ""
    let proxies = place[0].split(separator: ",", omittingEmptySubsequences: false).map(Proxy.init)
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
  fileprivate init?(_ text: Substring) {
    var host = text
    var port = 19_530
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
