import HTTP2
import HTTPMessage
import NIOCore
import NIOHTTP1

/// What a response needs to know of its request.
struct HTTP1Exchange {
  var isHead = false
  /// HTTP/1.0, which knows neither informational responses nor chunks, and closes unless told
  /// otherwise.
  var isOld = false
  var keepsAlive = false

  /// Whether a body goes out piece by piece.
  func streams(_ response: HTTPResponse) -> Bool {
    response.stream != nil && !self.isHead && response.mayHaveBody
  }
}

extension HTTPResponse {
  /// What goes out for a status that no handler may choose.
  fileprivate var sentStatus: Int { (200...599).contains(self.status) ? self.status : 500 }

  fileprivate var mayHaveBody: Bool { self.sentStatus != 204 && self.sentStatus != 304 }
}

extension ByteBuffer {
  /// Asks for a body, or only shows that the server is there.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.2.1
  static let http1Continue = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

  /// A response as it stands on the wire; of a streamed one, its head.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9112#section-4
  init(_ response: HTTPResponse, for exchange: HTTP1Exchange, allocator: ByteBufferAllocator) {
    let status = HTTPResponseStatus(statusCode: response.sentStatus)
    self = allocator.buffer(capacity: 512 + response.body.count)
    self.writeString("HTTP/1.1 ")
    self.writeString(String(status.code))
    self.writeString(" ")
    self.writeString(status.reasonPhrase)
    self.writeString("\r\n")
    for field in response.fields.fields where field.isEndToEnd {
      self.writeField(field.name, field.value)
    }
    if response.mayHaveBody {
      if response.stream == nil {
        self.writeField("content-length", String(response.body.count))
      } else if !exchange.isOld {
        self.writeField("transfer-encoding", "chunked")
      }
    }
    if !exchange.keepsAlive {
      self.writeField("connection", "close")
    } else if exchange.isOld {
      self.writeField("connection", "keep-alive")
    }
    self.writeString("\r\n")
    if response.mayHaveBody, !exchange.isHead { self.writeBytes(response.body) }
  }

  /// A piece of a streamed body.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9112#section-7.1
  init(chunk: [UInt8], for exchange: HTTP1Exchange, allocator: ByteBufferAllocator) {
    self = allocator.buffer(capacity: chunk.count + 16)
    if exchange.isOld {
      self.writeBytes(chunk)
    } else {
      self.writeString(String(chunk.count, radix: 16))
      self.writeString("\r\n")
      self.writeBytes(chunk)
      self.writeString("\r\n")
    }
  }

  /// The end of a streamed body in chunks, and what follows it.
  init(lastChunkWith trailers: HeaderFields, allocator: ByteBufferAllocator) {
    self = allocator.buffer(capacity: 64)
    self.writeString("0\r\n")
    for field in trailers.fields where field.isEndToEnd {
      self.writeField(field.name, field.value)
    }
    self.writeString("\r\n")
  }

  private mutating func writeField(_ name: String, _ value: String) {
    self.writeString(name)
    self.writeString(": ")
    self.writeString(value)
    self.writeString("\r\n")
  }
}
