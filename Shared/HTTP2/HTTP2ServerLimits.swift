/// What one HTTP/2 peer may ask of a server.
package struct HTTP2ServerLimits: Sendable, Hashable {
  /// Names, values and 32 for each field, as SETTINGS_MAX_HEADER_LIST_SIZE counts.
  package var maxHeaderBytes: Int
  package var maxBodyBytes: Int
  package var maxConcurrentStreams: Int

  package init(maxHeaderBytes: Int, maxBodyBytes: Int, maxConcurrentStreams: Int) {
    self.maxHeaderBytes = maxHeaderBytes
    self.maxBodyBytes = maxBodyBytes
    self.maxConcurrentStreams = maxConcurrentStreams
  }

  /// A header block that unfolds to more, by naming one field again and again, loses its stream
  /// instead of being answered.
  var endlessHeaderBytes: Int { 16 * self.maxHeaderBytes }

  /// Bytes of bodies that have not arrived whole, over all streams of a connection.
  var maxHeldBytes: Int { SessionSettings.maxHeldBytesBesidesOne + self.maxBodyBytes }
}

/// Settings that are the same for every session of ours.
enum SessionSettings {
  /// Bytes a peer may send on one stream before we have taken some, 1 MiB.
  static let streamWindow: UInt32 = 1 << 20
  /// Bytes a peer may send on one connection before we have taken some, 16 MiB.
  static let connectionWindow: Int32 = 16 << 20
  /// Bytes of unfinished bodies on one connection besides a single body of any size, 16 MiB.
  static let maxHeldBytesBesidesOne = 16 << 20
  /// Bytes of a streamed answer that may wait for the peer before whoever sends it must, 128 KiB.
  static let maxPendingBytes = 128 << 10
  /// Resets a client may send at once, then each second; nghttp2's own defaults, which a gateway
  /// that cancels calls stays below and a rapid reset attack does not (CVE-2023-44487).
  static let resetBurst: UInt64 = 1000
  static let resetRate: UInt64 = 33
  /// CONTINUATION frames after one HEADERS frame (CVE-2024-28182).
  static let maxContinuations = 4
  /// Answers to PING and SETTINGS that may wait for a peer that doesn't read.
  static let maxOutboundAcks = 1000
  /// Entries of one SETTINGS frame.
  static let maxSettings = 16
  /// Bytes of frames that neither bring a request forward nor let a response go, 4 MiB.
  ///
  /// Enough for the rest of an upload that was refused. Each byte may stand for a field of HPACK's
  /// table, so they cost us that many look-ups at most.
  static let maxBytesWithoutProgress = 4 << 20
}
