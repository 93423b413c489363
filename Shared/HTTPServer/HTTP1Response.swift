import HTTP2
import HTTPMessage
import NIOCore
import NIOHTTP1

/// What a response needs to know of its request.
struct HTTP1Exchange {
  var isHead = false
  /// HTTP/1.0, which knows no informational responses and closes unless told otherwise.
  var isOld = false
  var keepsAlive = false
}

extension ByteBuffer {
  /// Asks for a body, or only shows that the server is there.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.2.1
  static let http1Continue = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

  /// A response as it stands on the wire.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9112#section-4
  init(_ response: HTTPResponse, for exchange: HTTP1Exchange, allocator: ByteBufferAllocator) {
    let code = (200...599).contains(response.status) ? response.status : 500
    let status = HTTPResponseStatus(statusCode: code)
    let mayHaveBody = code != 204 && code != 304
    self = allocator.buffer(capacity: 512 + response.body.count)
    self.writeString("HTTP/1.1 ")
    self.writeString(String(status.code))
    self.writeString(" ")
    self.writeString(status.reasonPhrase)
    self.writeString("\r\n")
    for field in response.fields.fields where field.isEndToEnd {
      self.writeField(field.name, field.value)
    }
    if mayHaveBody { self.writeField("content-length", String(response.body.count)) }
    if !exchange.keepsAlive {
      self.writeField("connection", "close")
    } else if exchange.isOld {
      self.writeField("connection", "keep-alive")
    }
    self.writeString("\r\n")
    if mayHaveBody, !exchange.isHead { self.writeBytes(response.body) }
  }

  private mutating func writeField(_ name: String, _ value: String) {
    self.writeString(name)
    self.writeString(": ")
    self.writeString(value)
    self.writeString("\r\n")
  }
}
