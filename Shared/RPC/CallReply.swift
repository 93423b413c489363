package import HTTPMessage

/// A response with what stands around its message.
package struct CallReply<Response: Sendable>: Sendable {
  package var message: Response
  /// Header fields.
  package var fields: HeaderFields
  /// What the server said after the message.
  package var trailers: HeaderFields
}

extension HeaderFields {
  /// A unary response's headers and its trailers, which are headers with a prefix.
  ///
  /// Source: https://connectrpc.com/docs/protocol#unary-response
  var splitTrailers: (headers: HeaderFields, trailers: HeaderFields) {
    let prefix = "trailer-"
    var (headers, trailers) = (HeaderFields(), HeaderFields())
    for field in self.fields {
      if field.name.hasPrefix(prefix) {
        trailers.append(String(field.name.dropFirst(prefix.count)), field.value)
      } else {
        headers.append(field.name, field.value)
      }
    }
    return (headers, trailers)
  }
}
