/// Where vectors live: two may be compared only when their spaces have the same fingerprint.
package struct EmbeddingSpace: Sendable, Hashable {
  package var provider: String
  package var model: String
  package var dimensions: Int
  package var version: String

  /// Equal exactly when the spaces are.
  package var fingerprint: String {
    [self.provider, self.model, "\(self.dimensions)", "normalized", self.version]
      .joined(separator: "/")
  }
}
