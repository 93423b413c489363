import Providers
import RPC

/// The texts of a request: 1...2,048, each of 1...8,192 Unicode scalars and none blank.
struct TextBatch: Sendable {
  static let maxTexts = 2048
  static let maxScalars = 8192

  /// Each text once, in the order of their first places.
  let distinct: [String]
  /// For each text of the request its place in `distinct`.
  let places: [Int]

  /// Checks the field `texts` of a request.
  ///
  /// - Throws: `invalid_argument` for the first field at fault, as in "texts[3]".
  init(_ texts: [String]) throws(RPCError) {
    guard (1...Self.maxTexts).contains(texts.count) else {
      let description = "must be 1...\(Self.maxTexts) texts, are \(texts.count)"
      let reason = texts.isEmpty ? "REQUIRED" : "TOO_MANY"
      throw .invalid(field: "texts", description, reason: reason)
    }
    var distinct: [String] = []
    var places: [Int] = []
    // Bytes, not characters: texts that are only canonically equal are different to a tokenizer.
    var known: [[UInt8]: Int] = [:]
    for (index, text) in texts.enumerated() {
      try Self.check(text, at: "texts[\(index)]")
      let bytes = Array(text.utf8)
      let place = known[bytes] ?? distinct.count
      if place == distinct.count {
        known[bytes] = place
        distinct.append(text)
      }
      places.append(place)
    }
    self.distinct = distinct
    self.places = places
  }

  private static func check(_ text: String, at path: String) throws(RPCError) {
    guard !text.isBlank else {
      throw .invalid(field: path, "must not be blank", reason: "REQUIRED")
    }
    let count = text.unicodeScalars.count
    guard count <= Self.maxScalars else {
      let description = "must be 1...\(Self.maxScalars) characters, is \(count)"
      throw .invalid(field: path, description, reason: "TOO_LONG")
    }
  }
}
