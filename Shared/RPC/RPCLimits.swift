/// What a server allows its callers.
package struct RPCLimits: Sendable, Hashable {
  /// Of a request's message after decompression, and of its body before.
  package var maxMessageBytes = 4 * 1024 * 1024
  /// For a call that names no time limit, to a method that has none of its own.
  package var defaultTimeout = Duration.seconds(15)
  /// Longer time limits of callers are cut to this.
  package var maxTimeout = Duration.seconds(120)
  /// Larger bodies are compressed for callers that accept it.
  package var compressAboveBytes = 1024
  /// Between signs of life in a stream of server-sent events.
  package var heartbeatInterval = Duration.seconds(15)

  package init() {}
}
