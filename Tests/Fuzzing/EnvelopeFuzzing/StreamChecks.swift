import HTTPMessage
import SwiftProtobuf
import Synchronization

@testable import RPC

typealias Answer = Netflixgpt_Recommendation_V1_RecommendResponse

/// How a client saw a stream: its messages, then its trailers or its error.
struct SeenStream: Equatable {
  var messages: [String] = []
  var end = ""
}

enum StreamChecks {
  static let maxMessageBytes = 1024

  /// Cuts envelopes out of `bytes`, which come in pieces of `size`.
  static func envelopes(_ bytes: [UInt8], in size: Int) -> (whole: [Envelope], end: String) {
    var reader = Envelope.Reader()
    var whole: [Envelope] = []
    for piece in self.pieces(of: bytes, size) {
      reader.append(piece)
      do throws(Envelope.Failure) {
        while let envelope = try reader.next(limit: self.maxMessageBytes) {
          require(envelope.payload.count <= self.maxMessageBytes, "an envelope is too large")
          whole.append(envelope)
        }
      } catch {
        return (whole, "\(error)")
      }
    }
    return (whole, reader.isEmpty ? "end" : "more")
  }

  /// Reads a streamed response, whose body comes in pieces of `size`, as our client does.
  static func read(
    _ bytes: [UInt8],
    in size: Int,
    _ codec: Codec,
    mayInflate: Bool
  ) -> SeenStream {
    let pieces = Mutex(self.pieces(of: bytes, size)[...])
    let body = HTTPBodyStream(next: { pieces.withLock { $0.popFirst() } }, cancel: {})
    let reader = StreamReader<Answer>(
      body,
      codec,
      limit: self.maxMessageBytes,
      mayInflate: mayInflate,
      hasDeadline: false,
      explain: { _ in RPCError(.internal, "the body failed") }
    )
    return awaiting {
      var seen = SeenStream()
      do throws(RPCError) {
        while let message = try await reader.next() {
          seen.messages.append(message.textFormatString())
        }
        seen.end = reader.trailers.fields.map { "\($0.name):\($0.value)" }.joined(separator: ",")
      } catch {
        require(error.message.utf8.count <= 1 << 16, "an error's message is too long")
        seen.end = "\(error.code) \(error.message)"
      }
      return seen
    }
  }

  private static func pieces(of bytes: [UInt8], _ size: Int) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: size).map {
      Array(bytes[$0..<min($0 + size, bytes.count)])
    }
  }
}
