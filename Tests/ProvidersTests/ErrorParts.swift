import Foundation
import RPC

/// Reads an error's details as a caller without our schema would: from their JSON.
enum ErrorParts {
  /// Of `google.rpc.BadRequest`.
  static func field(of error: RPCError) -> String? {
    let violations = self.object(error, "google.rpc.BadRequest")?["fieldViolations"]
    return (violations as? [[String: Any]])?.first?["field"] as? String
  }

  /// Of `google.rpc.ErrorInfo`.
  static func reason(of error: RPCError) -> String? {
    self.object(error, "google.rpc.ErrorInfo")?["reason"] as? String
  }

  private static func object(_ error: RPCError, _ type: String) -> [String: Any]? {
    guard let json = error.details.first(where: { $0.type == type })?.debug else { return nil }
    return (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any]
  }
}
