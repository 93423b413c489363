import CZlib

/// The gzip format, one whole body at a time.
///
/// Source: https://www.rfc-editor.org/rfc/rfc1952
package enum Gzip {
  package enum Failure: Error, Hashable {
    /// The content is larger than the limit.
    case tooLarge
    /// The bytes are no gzip file, end early, or fail its checksum.
    case corrupt
  }

  /// zlib's largest window, with a gzip header and trailer instead of zlib's own.
  private static let windowBits: Int32 = 15 + 16

  /// Returns `bytes` as one gzip member without a time stamp, so that equal bytes give equal
  /// results, or `nil` when there is no memory for it.
  package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    guard let count = UInt32(exactly: bytes.count) else { return nil }
    var stream = z_stream()
    return withUnsafeMutablePointer(to: &stream) { stream -> [UInt8]? in
      guard czlib_deflate_init(stream, Z_BEST_SPEED, self.windowBits) == Z_OK else { return nil }
      defer { deflateEnd(stream) }
      let bound = Int(deflateBound(stream, UInt(count)))
      var isComplete = false
      let compressed = bytes.withUnsafeBufferPointer { input in
        [UInt8](unsafeUninitializedCapacity: bound) { output, written in
          stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
          stream.pointee.avail_in = count
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(clamping: output.count)
          isComplete = deflate(stream, Z_FINISH) == Z_STREAM_END
          written = Int(stream.pointee.total_out)
        }
      }
      return isComplete ? compressed : nil
    }
  }

  /// Returns the content of all members of `bytes`, which must not be more than `limit` bytes.
  ///
  /// No more than that and 32 KiB is ever inflated, whatever the members claim.
  package static func inflate(_ bytes: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
    guard let count = UInt32(exactly: bytes.count) else { throw .tooLarge }
    var stream = z_stream()
    let result = withUnsafeMutablePointer(to: &stream) { stream -> Result<[UInt8], Failure> in
      guard czlib_inflate_init(stream, self.windowBits) == Z_OK else { return .failure(.corrupt) }
      defer { inflateEnd(stream) }
      return bytes.withUnsafeBufferPointer { input in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = count
        return self.inflateMembers(stream, limit: limit)
      }
    }
    return try result.get()
  }

  /// The content of a compressed message or response, away from the event loop when it is large.
  nonisolated(nonsending) static func content(
    of bytes: [UInt8],
    limit: Int
  ) async throws(RPCError) -> [UInt8] {
    // Connect: a body of length zero is never decompressed.
    guard !bytes.isEmpty else { return bytes }
    let inflated = await computing(bytes.count) {
      Result { () throws(Failure) in try self.inflate(bytes, limit: limit) }
    }
    switch inflated {
    case .success(let content): return content
    case .failure(.tooLarge): throw .responseTooLarge(limit: limit)
    case .failure(.corrupt):
      throw RPCError(
        .internal,
        "the response is not valid gzip",
        details: [.errorInfo(reason: "INVALID_GZIP")]
      )
    }
  }

  private static func inflateMembers(
    _ stream: UnsafeMutablePointer<z_stream>,
    limit: Int
  ) -> Result<[UInt8], Failure> {
    let chunkBytes = 32 * 1024
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: chunkBytes) { chunk in
      var content: [UInt8] = []
      while true {
        stream.pointee.next_out = chunk.baseAddress
        stream.pointee.avail_out = UInt32(chunkBytes)
        let code = CZlib.inflate(stream, Z_NO_FLUSH)
        let written = chunkBytes - Int(stream.pointee.avail_out)
        guard content.count + written <= limit else { return .failure(.tooLarge) }
        content.append(contentsOf: UnsafeBufferPointer(rebasing: chunk[..<written]))
        switch code {
        case Z_OK: continue
        case Z_STREAM_END where stream.pointee.avail_in == 0: return .success(content)
        case Z_STREAM_END:
          guard inflateReset(stream) == Z_OK else { return .failure(.corrupt) }
        // Z_BUF_ERROR: the input ended before the member did.
        default: return .failure(.corrupt)
        }
      }
    }
  }
}
