import SwiftProtobuf

extension RPCError {
  /// The JSON path of the first field at fault, or `nil` when the error names none.
  package var field: String? {
    self.detail(Google_Rpc_BadRequest.self)?.fieldViolations.first?.field
  }
}

extension ErrorDetail {
  /// What was not found, such as a "title" and its id.
  package static func resource(_ type: String, _ name: String) -> ErrorDetail {
    ErrorDetail(
      Google_Rpc_ResourceInfo.with {
        $0.resourceType = type
        $0.resourceName = name
      }
    )
  }
}
