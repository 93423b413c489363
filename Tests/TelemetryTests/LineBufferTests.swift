import Foundation
import Glibc
import JSONText
import Logging
import Testing

@testable import Telemetry

@Suite struct `Log lines` {
  private func read(_ file: FileHandle) throws -> [[String: Any]] {
    try self.objects(of: Array(file.readToEnd() ?? Data()))
  }

  private func objects(of lines: [UInt8]) throws -> [[String: Any]] {
    try lines.split(separator: UInt8(ascii: "\n")).map {
      try #require(JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
    }
  }

  /// A pipe full of empty lines, which takes no more until somebody reads them.
  private static func fullPipe() -> Pipe {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    let chunk = [UInt8](repeating: UInt8(ascii: "\n"), count: 4096)
    while write(descriptor, chunk, chunk.count) > 0 {}
    _ = fcntl(descriptor, F_SETFL, flags)
    return pipe
  }

  private static func logger(_ lines: LineBuffer) -> Logger {
    Logger(label: "test") { _ in JSONLogHandler(service: "test", level: .info, lines: lines) }
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

  @Test func `of a logger are written before the buffer runs as well, and after it`() async throws {
    let pipe = Pipe()
    let lines = LineBuffer(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    let logger = Self.logger(lines)
    logger.info("first", metadata: ["key": "quo\"te"])
    async let written: Void = lines.run()
    logger.info("second")
    lines.finish()
    await written
    logger.warning("third")
    logger.debug("beneath the level")
    try pipe.fileHandleForWriting.close()
    let objects = try self.read(pipe.fileHandleForReading)
    #expect(objects.map { $0["message"] as? String } == ["first", "second", "third"])
    #expect(objects.map { $0["level"] as? String } == ["info", "info", "warning"])
    #expect(objects.allSatisfy { $0["service"] as? String == "test" })
    #expect(objects.first?["key"] as? String == "quo\"te")
  }

  @Test(.timeLimit(.minutes(1)))
  func `keep neither those who log nor the end waiting when nobody reads them`() async throws {
    let pipe = Self.fullPipe()
    let lines = LineBuffer(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    let logger = Self.logger(lines)
    let began = ContinuousClock.now
    // Waits a second, then nobody does.
    logger.info("before")
    async let written: Void = lines.run()
    for number in 0..<100 { logger.info("meanwhile", metadata: ["number": "\(number)"]) }
    lines.finish()
    await written
    logger.info("after")
    #expect(ContinuousClock.now - began < .seconds(10))
    try pipe.fileHandleForWriting.close()
    #expect(try self.read(pipe.fileHandleForReading).isEmpty)
  }

  @Test(.timeLimit(.minutes(1)))
  func `that a pipe has no room for are written once somebody reads it`() async throws {
    let pipe = Self.fullPipe()
    let lines = LineBuffer(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    async let written: Void = lines.run()
    let text = String(repeating: "x", count: 100)
    for number in 0..<5000 {
      lines.append { $0 += ",\"number\":\(number),\"text\":\"\(text)\"" }
    }
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    var ends = 0
    while ends < 5000 {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count > 0 {
        bytes += chunk[..<count]
        ends += chunk[..<count].count { $0 == UInt8(ascii: "}") }
      } else {
        try await Task.sleep(for: .milliseconds(1))
      }
    }
    lines.finish()
    await written
    let objects = try self.objects(of: bytes)
    #expect(objects.compactMap { $0["number"] as? Int } == Array(0..<5000))
  }
}
