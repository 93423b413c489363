/// Why the models cannot be used.
package struct LocalModelError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Reason: Sendable, Hashable {
    /// No file could be opened there.
    case missing
    /// The file does not begin as a model file of a known format.
    case unknownFormat
    /// The file ends before what it announces.
    case truncated
    /// A section's bytes do not match its checksum.
    case corrupted
    /// A section is absent or holds something else than expected.
    case malformed
  }

  package let reason: Reason
  package let description: String

  init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }
}
