import Providers
import RPC

/// What a person wrote about how they feel: trimmed, 1...2,000 Unicode scalars, without control
/// characters other than tab and line ends.
struct MoodText: Sendable, Hashable {
  static let maxScalars = 2000

  let text: String

  /// Trims and checks the field `mood` of a request.
  ///
  /// - Throws: `invalid_argument` for the field; never with a part of the text in it.
  init(_ raw: String) throws(RPCError) {
    self.text = raw.trimmed
    let count = self.text.unicodeScalars.count
    guard !self.text.isBlank else {
      throw .invalid(field: "mood", "must not be blank", reason: "REQUIRED")
    }
    guard count <= Self.maxScalars else {
      let description = "must be 1...\(Self.maxScalars) characters, is \(count)"
      throw .invalid(field: "mood", description, reason: "TOO_LONG")
    }
    guard !self.text.unicodeScalars.contains(where: { Self.isForbidden($0) }) else {
      throw .invalid(
        field: "mood",
        "must not contain control characters other than tab and line ends",
        reason: "CONTROL_CHARACTER"
      )
    }
  }

  /// The same for texts that differ only in how their words are spaced.
  var normalized: String {
    self.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control && !"\t\n\r".unicodeScalars.contains(scalar)
  }
}
