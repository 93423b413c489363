import ConformanceMessages
import Foundation
import HTTPMessage
import RPC
import SwiftProtobuf

extension ClientResponseResult {
  /// What stands around the message of a response: status, headers and trailers.
  init(_ response: HTTPResponse?) {
    self.init()
    guard let response else { return }
    let prefix = "trailer-"
    var (headers, trailers) = (HeaderFields(), HeaderFields())
    for field in response.fields.fields {
      if field.name.hasPrefix(prefix) {
        trailers.append(String(field.name.dropFirst(prefix.count)), field.value)
      } else {
        headers.append(field.name, field.value)
      }
    }
    self.httpStatusCode = Int32(clamping: response.status)
    self.responseHeaders = [Header](headers)
    self.responseTrailers = [Header](trailers)
  }
}

extension ConformanceError {
  init(_ error: RPCError) {
    self.init()
    self.code = ConformanceCode(rawValue: error.code.rawValue) ?? .unspecified
    self.message = error.message
    self.details = error.details.map { detail in
      .with {
        $0.typeURL = "type.googleapis.com/" + detail.type
        $0.value = Data(detail.value)
      }
    }
  }
}
