import ConformanceMessages
import Foundation
import RPC
import SwiftProtobuf

/// The client under test of the Connect conformance cases.
///
/// Reads one `ClientCompatRequest` as JSON, makes the call and prints what came of it as
/// the JSON of a `ClientResponseResult`. Ends with an error when the case can't be tried.
@main
struct ConformanceClient {
  static func main() async throws {
    registerMessagesForAny()
    let input = FileHandle.standardInput.readDataToEndOfFile()
    let request = try ClientCompatRequest(jsonUTF8Data: input)
    let result = try await Attempt(request).run()
    FileHandle.standardOutput.write(try result.jsonUTF8Data())
  }
}
