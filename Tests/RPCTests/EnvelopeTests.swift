import HTTPMessage
import Testing

@testable import RPC

@Suite struct `Envelopes` {
  private func cut(_ bytes: [UInt8], every step: Int) throws -> [Envelope] {
    var reader = Envelope.Reader()
    var envelopes: [Envelope] = []
    for start in stride(from: 0, to: bytes.count, by: step) {
      reader.append(Array(bytes[start..<min(start + step, bytes.count)]))
      while let envelope = try reader.next(limit: 1000) { envelopes.append(envelope) }
    }
    #expect(reader.isEmpty)
    return envelopes
  }

  @Test func `are the same however they were cut on their way`() throws {
    let envelopes = [
      Envelope(flags: 0, payload: []), Envelope(flags: 0, payload: [1]),
      Envelope(flags: 1, payload: Array(repeating: 7, count: 1000)),
      Envelope(flags: 3, payload: [2, 2]), Envelope(flags: 2, payload: Array("{}".utf8)),
    ]
    let bytes = envelopes.flatMap(\.bytes)
    #expect(bytes.prefix(11) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    for step in [1, 2, 3, 4, 5, 6, 7, 100, 1005, bytes.count] {
      #expect(try self.cut(bytes, every: step) == envelopes)
    }
  }

  @Test func `of more than the limit are refused by their head`() throws {
    var reader = Envelope.Reader()
    reader.append([0, 0, 0, 0x03, 0xE9])
    #expect(throws: Envelope.Failure.tooLarge) { try reader.next(limit: 1000) }
    var longest = Envelope.Reader()
    longest.append([0, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(throws: Envelope.Failure.tooLarge) { try longest.next(limit: 1000) }
  }

  @Test(arguments: [4, 8, 0x80, 0xFF] as [UInt8])
  func `with flags that nobody knows are refused`(flags: UInt8) throws {
    var reader = Envelope.Reader()
    reader.append([flags, 0, 0, 0, 0])
    #expect(throws: Envelope.Failure.unknownFlags) { try reader.next(limit: 1000) }
  }

  @Test func `of any bytes never trap`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var reader = Envelope.Reader()
      for _ in 0..<Int.random(in: 1...5, using: &generator) {
        let count = Int.random(in: 0...20, using: &generator)
        reader.append((0..<count).map { _ in UInt8.random(in: 0...3, using: &generator) })
        while let envelope = try? reader.next(limit: 10) { #expect(envelope.payload.count <= 10) }
      }
    }
  }
}

@Suite struct `The end of a stream` {
  @Test func `says what was written`() throws {
    var trailers: HeaderFields = ["x-one": "a \"quoted\" b"]
    trailers.append("x-two", "1")
    trailers.append("x-two", "2")
    let error = RPCError(.notFound, "none\nhere", details: [.errorInfo(reason: "NONE")])
    let text = EndStream.encode(error, trailers)
    let contents = try #require(EndStream.decode(Array(text.utf8)))
    #expect(contents.metadata == trailers)
    #expect(contents.error?.code == .notFound)
    #expect(contents.error?.message == "none\nhere")
    #expect(contents.error?.details.first?.type == "google.rpc.ErrorInfo")
    #expect(EndStream.encode(nil, [:]) == "{}")
  }

  @Test(
    arguments: [
      #"{}"#, #"{"metadata":null}"#, #"{"metadata":{"a":"b"}}"#, #"{"metadata":{"a":[1]}}"#,
      #"{"error":null}"#, #"{"other":[{}]}"#,
    ]
  )
  func `is fine with what says nothing`(text: String) throws {
    let contents = try #require(EndStream.decode(Array(text.utf8)))
    #expect(contents.error == nil)
    #expect(contents.metadata.fields.isEmpty)
  }

  @Test(arguments: ["", "[]", "null", "{", "{}{}", #"{"error":{}"#])
  func `is none of other texts`(text: String) {
    #expect(EndStream.decode(Array(text.utf8)) == nil)
  }
}

@Suite struct `Binary fields` {
  @Test func `come back as they were`() {
    for count in 0...9 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
      var fields: HeaderFields = [:]
      fields.append("x-data-bin", bytes: bytes)
      #expect(fields["x-data-bin"]?.contains("=") == false)
      #expect(fields.binaryValues(of: "x-data-bin") == [bytes])
    }
  }

  @Test func `are read with padding, joined, and in both alphabets`() {
    var fields: HeaderFields = ["x-bin": "AQI=, AQ ,AQID"]
    fields.append("x-bin", "-_-_")
    fields.append("x-bin", "no base64!")
    #expect(fields.binaryValues(of: "x-bin") == [[1, 2], [1], [1, 2, 3], [0xFB, 0xFF, 0xBF]])
  }
}
