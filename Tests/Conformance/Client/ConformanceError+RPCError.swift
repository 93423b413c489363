import ConformanceMessages
import Foundation
import RPC
import SwiftProtobuf

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
