import Foundation
import Glibc
import Testing

func isInstalled(_ tool: String) -> Bool { path(of: tool) != nil }

func path(of tool: String) -> String? {
  ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/"].map { $0 + tool }
    .first { access($0, X_OK) == 0 }
}

/// Runs a program to its end and returns what it printed.
func run(_ tool: String, _ arguments: [String]) async throws -> String {
  try await blocking {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(path(of: tool)))
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: bytes, as: UTF8.self)
  }
}
