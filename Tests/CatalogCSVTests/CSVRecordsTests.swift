import SeededRandom
import Testing

@testable import CatalogCSV

@Suite struct `CSV records` {
  @Test(arguments: [
    ("", []),
    ("\n\r\n\n", []),
    ("a", [["a"]]),
    ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
    ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
    ("a,b\r", [["a", "b"]]),
    (",\n", [["", ""]]),
    ("a,,\n", [["a", "", ""]]),
    ("\"\"\n", [[""]]),
    ("\"a\nb\",\"c\r\nd\"\n", [["a\nb", "c\r\nd"]]),
    ("\"say \"\"hi\"\"\",\"\"\"\"\n", [["say \"hi\"", "\""]]),
    ("\"a,b\",c\n", [["a,b", "c"]]),
    ("a\rb,c\n", [["a\rb", "c"]]),
    ("a\n\nb\n", [["a"], ["b"]]),
    ("\u{FEFF}a,b\n", [["a", "b"]]),
    ("\u{FEFF}\"a\",b\n", [["a", "b"]]),
    ("냉면 랩소디,é\n", [["냉면 랩소디", "é"]]),
    (" a , b \n", [[" a ", " b "]]),
  ])
  func `a text becomes these records`(csv: String, expected: [[String]]) throws {
    #expect(try texts(csv) == expected)
  }

  @Test func `a field knows the line and column where it starts`() {
    let steps = steps("é,\"b\nc\",d\r\ne,f\n".utf8)
    #expect(
      steps == [
        .record([
          CSVField(text: "é", line: 1, column: 1), CSVField(text: "b\nc", line: 1, column: 3),
          CSVField(text: "d", line: 2, column: 4),
        ]),
        .record([
          CSVField(text: "e", line: 3, column: 1), CSVField(text: "f", line: 3, column: 3),
        ]),
      ]
    )
  }

  @Test(arguments: [
    ("a\"b,c\nnext\n", 1, 2, "has a quote inside of a field that does not start with one"),
    ("\"a\"b,c\nnext\n", 1, 4, "goes on after a closing quote"),
    ("\"a\"\rb\nnext\n", 1, 5, "goes on after a closing quote"),
    ("a,\"b\nnext\n", 1, 3, "has a quoted field that never ends"),
  ])
  func `a malformed record is told by its place and costs only itself`(
    csv: String,
    line: Int,
    column: Int,
    message: String
  ) throws {
    let steps = steps("first\n\(csv)".utf8)
    #expect(steps.count == 3)
    #expect(steps.first == .record([CSVField(text: "first", line: 1, column: 1)]))
    guard case .problem(let problem) = steps[1] else { throw Unexpected(step: steps[1]) }
    #expect(problem.line == line + 1)
    #expect(problem.column == column)
    #expect(problem.message == message)
    #expect(steps.last == .record([CSVField(text: "next", line: 3, column: 1)]))
  }

  @Test func `bytes that are not UTF-8 are a problem of their field`() throws {
    let steps = steps(Array("a,b".utf8) + [0xC3, 0x28] + Array("\nnext\n".utf8))
    guard case .problem(let problem) = steps[0] else { throw Unexpected(step: steps[0]) }
    #expect(problem.message == "is not UTF-8")
    #expect(problem.column == 3)
    #expect(steps[1] == .record([CSVField(text: "next", line: 2, column: 1)]))
  }

  @Test(arguments: [("", ""), ("\"", "\"")])
  func `a field may have 1 MiB and no byte more`(opening: String, closing: String) throws {
    let full = String(repeating: "x", count: CSVRecords.maxFieldBytes)
    let largest = steps("\(opening)\(full)\(closing)\nnext\n".utf8, piece: 1 << 16)
    #expect(largest.count == 2)
    guard case .record(let fields) = largest[0] else { throw Unexpected(step: largest[0]) }
    #expect(fields.map(\.text.utf8.count) == [CSVRecords.maxFieldBytes])

    let tooLarge = steps("\(opening)\(full)x\(closing)\nnext\n".utf8, piece: 1 << 16)
    #expect(tooLarge.count == 2)
    guard case .problem(let problem) = tooLarge[0] else { throw Unexpected(step: tooLarge[0]) }
    #expect(problem.message == "has a field longer than 1 MiB")
    #expect(tooLarge[1] == .record([CSVField(text: "next", line: 2, column: 1)]))
  }

  @Test func `a record of more than 4 MiB is given up and the next one is read`() throws {
    let field = String(repeating: "x", count: 1_000_000)
    let record = Array(repeating: field, count: 5).joined(separator: ",")
    let steps = steps("\(record)\nnext\n".utf8, piece: 1 << 16)
    #expect(steps.count == 2)
    guard case .problem(let problem) = steps[0] else { throw Unexpected(step: steps[0]) }
    #expect(problem.message == "is longer than 4 MiB")
    #expect(steps[1] == .record([CSVField(text: "next", line: 2, column: 1)]))
  }

  @Test(arguments: [(1_000, true), (1_001, false)])
  func `a record may have 1,000 fields`(count: Int, passes: Bool) throws {
    let step = try #require(steps(String(repeating: ",", count: count - 1).utf8).first)
    if case .record(let fields) = step {
      #expect(passes && fields.count == count)
    } else {
      #expect(!passes)
    }
  }

  @Test func `the pieces in which a text comes make no difference`() {
    var generator = SeededGenerator(seed: 1)
    let alphabet = Array("a,,\"\"\n\r é\u{FEFF}".utf8)
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).compactMap { _ in
        alphabet.randomElement(using: &generator)
      }
      let whole = steps(bytes)
      #expect(steps(bytes, piece: 1) == whole)
      #expect(steps(bytes, piece: 3) == whole)
    }
  }
}
