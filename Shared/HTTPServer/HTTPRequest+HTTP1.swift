import HTTPMessage
import NIOHTTP1

extension HeaderFields {
  init(_ headers: HTTPHeaders) {
    self.init()
    self.reserveCapacity(headers.count)
    for (name, value) in headers { self.append(name.lowercased(), value) }
  }
}

extension HTTPRequest {
  /// What the head of an HTTP/1 request says, or `nil` when it says it in no permitted way.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  init?(_ head: HTTPRequestHead) {
    let fields = HeaderFields(head.headers)
    let hosts = fields.values(of: "host")
    guard hosts.count == 1 || hosts.isEmpty && head.version != .http1_1 else { return nil }
    guard let (authority, target) = Self.split(head.uri) else { return nil }
    self.init(
      method: head.method.rawValue,
      authority: authority ?? hosts.first ?? "",
      target: target,
      fields: fields
    )
    if head.version == .http1_0 { self.version = .http1_0 }
  }

  /// The authority and the rest of an absolute target such as "http://host/path"; a target that
  /// starts at the path has no authority.
  private static func split(_ uri: String) -> (authority: String?, target: String)? {
    if uri.utf8.first == UInt8(ascii: "/") || uri == "*" { return (nil, uri) }
    let schemes = ["http://", "https://"]
    guard let scheme = schemes.first(where: { uri.utf8.starts(with: $0.utf8) }) else { return nil }
    let rest = uri.dropFirst(scheme.count)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    guard end > rest.startIndex else { return nil }
    let target = rest[end...]
    return (String(rest[..<end]), target.first == "/" ? String(target) : "/" + target)
  }
}
