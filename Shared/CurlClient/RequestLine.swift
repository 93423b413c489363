import HTTPMessage

extension HTTPRequest {
  /// The address as libcurl takes it, or `nil` when a part could be read as something else than
  /// what it stands for, such as a second line of the header.
  var curlURL: String? {
    guard self.scheme == "http" || self.scheme == "https", !self.authority.isEmpty,
      self.authority.utf8.allSatisfy({ Self.isAuthorityByte($0) }),
      self.target.utf8.first == UInt8(ascii: "/"),
      self.target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
    else { return nil }
    return "\(self.scheme)://\(self.authority)\(self.target)"
  }

  /// Whether method and fields can be written as they are.
  var hasCleanHeader: Bool {
    !self.method.isEmpty && self.method.utf8.allSatisfy { Self.isTokenByte($0) }
      && self.fields.fields.allSatisfy { field in
        !field.name.isEmpty && field.name.utf8.allSatisfy { Self.isTokenByte($0) }
          && field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
      }
  }

  /// The fields as lines for libcurl, without those that it writes itself.
  var curlHeaderLines: [String] {
    var lines = self.fields.fields.compactMap { field -> String? in
      switch field.name {
      case "host", "content-length", "connection", "transfer-encoding", "expect": nil
      default: field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
      }
    }
    // A name without a value keeps libcurl from sending its own: waiting for "100 Continue" costs a
    // round trip, and a form is not what our bodies are.
    lines.append("expect:")
    if self.fields["content-type"] == nil { lines.append("content-type:") }
    return lines
  }

  private static func isAuthorityByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
      UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    default: false
    }
  }

  /// Whether methods and field names may hold `byte`.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
