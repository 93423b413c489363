/// How a client sends its calls where Connect leaves it the choice.
package struct ClientWire: Sendable, Hashable {
  /// Methods without side effects are called by GET where path and query have so many bytes at most,
  /// so that caches on the way may answer; `nil` calls all by POST.
  package var maxGetBytes: Int?
  /// Larger requests are compressed; `nil` for none.
  package var compressAboveBytes: Int? = 8 * 1024
  /// Whether answers may come compressed.
  package var acceptsGzip = true

  package init() {}

  /// What the client takes, as header fields have it.
  var acceptedEncoding: String { self.acceptsGzip ? "gzip" : "identity" }
}
