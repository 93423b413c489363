import Foundation
import JSONText
import Testing

@testable import Telemetry

@Suite struct `Log lines` {
  private func read(_ file: FileHandle) throws -> [[String: Any]] {
    let text = try String(decoding: file.readToEnd() ?? Data(), as: UTF8.self)
    return try text.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `are all written, each as JSON with its time`() async throws {
    let pipe = Pipe()
    let lines = LineBuffer(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    async let written: Void = lines.run()
    for number in 0..<100 {
      lines.append { line in
        line += ",\"number\":\(number),\"text\":"
        line.appendJSON("quo\"te\n\u{1}")
      }
    }
    lines.finish()
    await written
    try pipe.fileHandleForWriting.close()
    let objects = try self.read(pipe.fileHandleForReading)
    #expect(objects.compactMap { $0["number"] as? Int } == Array(0..<100))
    #expect(objects.allSatisfy { $0["text"] as? String == "quo\"te\n\u{1}" })
    let time = try #require(objects.first?["time"] as? String)
    #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
  }

  @Test func `beyond the bound are dropped, and those before are kept`() async throws {
    let pipe = Pipe()
    let lines = LineBuffer(
      descriptor: pipe.fileHandleForWriting.fileDescriptor,
      maxBytes: 100
    )
    for number in 0..<10 { lines.append { $0 += ",\"number\":\(number)" } }
    lines.finish()
    await lines.run()
    try pipe.fileHandleForWriting.close()
    let objects = try self.read(pipe.fileHandleForReading)
    #expect((1..<10).contains(objects.count))
    #expect(objects.first?["number"] as? Int == 0)
  }
}
