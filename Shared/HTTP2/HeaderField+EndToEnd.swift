package import HTTPMessage

extension HeaderFields.Field {
  /// Whether a transport may put this field on the wire as it stands.
  ///
  /// Fields about one connection or about framing are the transport's own. A name or value that
  /// could end its line early would let whoever chose it write fields of their own.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9113#section-8.2
  package var isEndToEnd: Bool {
    switch self.name {
    case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
      "content-length", "":
      return false
    default:
      return self.name.utf8.allSatisfy(Self.isLowerCaseToken)
        && self.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }
    }
  }

  /// Whether a name may contain the byte.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
  private static func isLowerCaseToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"),
      UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
