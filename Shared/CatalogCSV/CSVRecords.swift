/// One field, and where it starts in the file.
struct CSVField: Hashable {
  var text: String
  var line: Int
  var column: Int
}

/// A record that breaks the rules, with those of its fields that came before.
struct CSVProblem: Error, Hashable {
  var line: Int
  var column: Int
  var message: String
  var fields: [CSVField]
}

/// Bytes in, records out: CSV as in RFC 4180, in UTF-8, with any of LF and CRLF between records.
///
/// Blank lines and a byte order mark are passed over. After a malformed record it goes on with the
/// line after the one on which the record started, so a quote that is missing costs one record.
///
/// Source: https://www.rfc-editor.org/rfc/rfc4180
struct CSVRecords {
  static let maxFieldBytes = 1 << 20
  static let maxRecordBytes = 4 << 20
  static let maxFields = 1_000

  enum Step: Hashable {
    case needsInput
    case record([CSVField])
    case problem(CSVProblem)
    case end
  }

  private enum Context {
    case fieldStart, unquoted, quoted
    /// After a quote in a quoted field: its end, or the first of two.
    case quoteInQuoted
    /// After a carriage return, which ends the record if a line feed follows.
    case carriageReturn(afterQuote: Bool)
    /// In the rest of a line that is given up.
    case skipping
  }

  private var buffer: [UInt8] = []
  private var position = 0
  private var recordStart = 0
  private var isEnded = false
  private var isStarted = false

  private var context = Context.fieldStart
  private var line = 1
  private var column = 1
  private var recordLine = 1
  private var field: [UInt8] = []
  private var fieldLine = 1
  private var fieldColumn = 1
  private var fields: [CSVField] = []
  private var isQuotedRecord = false

  mutating func append(_ bytes: some Collection<UInt8>) {
    self.buffer.append(contentsOf: bytes)
  }

  /// No more bytes come.
  mutating func end() {
    self.isEnded = true
  }

  mutating func next() -> Step {
    if !self.isStarted {
      guard self.buffer.count >= 3 || self.isEnded else { return .needsInput }
      if self.buffer.starts(with: [0xEF, 0xBB, 0xBF]) { self.position = 3 }
      self.recordStart = self.position
      self.isStarted = true
    }
    do throws(CSVProblem) {
      while self.position < self.buffer.count {
        if let record = try self.take(self.buffer[self.position]) { return .record(record) }
      }
      guard self.isEnded else { return .needsInput }
      guard let record = try self.takeEnd() else { return .end }
      return .record(record)
    } catch {
      self.resume()
      return .problem(error)
    }
  }

  private mutating func take(_ byte: UInt8) throws(CSVProblem) -> [CSVField]? {
    guard self.position - self.recordStart < Self.maxRecordBytes else {
      if case .skipping = self.context {
        self.dropSkipped()
        return nil
      }
      throw self.problem("is longer than 4 MiB", line: self.recordLine, column: 1)
    }
    switch (self.context, byte) {
    case (.skipping, UInt8(ascii: "\n")):
      self.advance(byte)
      self.startRecord()
    case (.skipping, _):
      self.advance(byte)
    case (.carriageReturn, UInt8(ascii: "\n")),
      (.fieldStart, UInt8(ascii: "\n")), (.unquoted, UInt8(ascii: "\n")),
      (.quoteInQuoted, UInt8(ascii: "\n")):
      try self.endField()
      self.advance(byte)
      return self.endRecord()
    case (.carriageReturn(afterQuote: true), _):
      throw self.problem("goes on after a closing quote")
    case (.carriageReturn(afterQuote: false), _):
      try self.add(UInt8(ascii: "\r"))
      self.context = .unquoted
    case (.fieldStart, UInt8(ascii: ",")), (.unquoted, UInt8(ascii: ",")),
      (.quoteInQuoted, UInt8(ascii: ",")):
      try self.endField()
      self.advance(byte)
      self.startField()
    case (.fieldStart, UInt8(ascii: "\r")), (.unquoted, UInt8(ascii: "\r")):
      self.advance(byte)
      self.context = .carriageReturn(afterQuote: false)
    case (.quoteInQuoted, UInt8(ascii: "\r")):
      self.advance(byte)
      self.context = .carriageReturn(afterQuote: true)
    case (.fieldStart, UInt8(ascii: "\"")):
      self.advance(byte)
      self.isQuotedRecord = true
      self.context = .quoted
    case (.quoted, UInt8(ascii: "\"")):
      self.advance(byte)
      self.context = .quoteInQuoted
    case (.quoteInQuoted, UInt8(ascii: "\"")):
      try self.add(byte)
      self.advance(byte)
      self.context = .quoted
    case (.unquoted, UInt8(ascii: "\"")):
      throw self.problem("has a quote inside of a field that does not start with one")
    case (.quoteInQuoted, _):
      throw self.problem("goes on after a closing quote")
    case (.fieldStart, _), (.unquoted, _):
      try self.add(byte)
      self.advance(byte)
      self.context = .unquoted
    case (.quoted, _):
      try self.add(byte)
      self.advance(byte)
    }
    return nil
  }

  private mutating func takeEnd() throws(CSVProblem) -> [CSVField]? {
    guard self.position > self.recordStart else { return nil }
    switch self.context {
    case .skipping:
      self.startRecord()
      return nil
    case .quoted:
      throw self.problem(
        "has a quoted field that never ends",
        line: self.fieldLine,
        column: self.fieldColumn
      )
    case .fieldStart, .unquoted, .quoteInQuoted, .carriageReturn:
      try self.endField()
      return self.endRecord()
    }
  }

  private mutating func advance(_ byte: UInt8) {
    self.position += 1
    if byte == UInt8(ascii: "\n") {
      self.line += 1
      self.column = 1
    } else if byte & 0xC0 != 0x80 {
      self.column += 1
    }
  }

  private mutating func add(_ byte: UInt8) throws(CSVProblem) {
    guard self.field.count < Self.maxFieldBytes else {
      throw self.problem(
        "has a field longer than 1 MiB",
        line: self.fieldLine,
        column: self.fieldColumn
      )
    }
    self.field.append(byte)
  }

  private mutating func startField() {
    self.field.removeAll(keepingCapacity: true)
    self.fieldLine = self.line
    self.fieldColumn = self.column
    self.context = .fieldStart
  }

  private mutating func endField() throws(CSVProblem) {
    guard self.fields.count < Self.maxFields else {
      throw self.problem("has more than 1,000 fields")
    }
    guard let text = String(validating: self.field, as: UTF8.self) else {
      throw self.problem("is not UTF-8", line: self.fieldLine, column: self.fieldColumn)
    }
    self.fields.append(CSVField(text: text, line: self.fieldLine, column: self.fieldColumn))
  }

  /// - Returns: `nil` for a blank line.
  private mutating func endRecord() -> [CSVField]? {
    let record = self.fields
    let isBlank = record.count == 1 && record[0].text.isEmpty && !self.isQuotedRecord
    self.startRecord()
    return isBlank ? nil : record
  }

  private mutating func startRecord() {
    self.recordStart = self.position
    self.recordLine = self.line
    self.fields.removeAll(keepingCapacity: true)
    self.isQuotedRecord = false
    self.startField()
    self.dropConsumed()
  }

  /// Goes on after the first line of the malformed record.
  private mutating func resume() {
    let rest = self.buffer[self.recordStart...]
    if let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
      self.position = newline + 1
      self.line = self.recordLine + 1
      self.column = 1
      self.startRecord()
    } else {
      self.position = self.buffer.count
      self.context = .skipping
    }
  }

  private mutating func dropSkipped() {
    self.recordStart = self.position
    self.dropConsumed()
  }

  /// Keeps the memory in use bounded without moving the bytes for every record.
  private mutating func dropConsumed() {
    guard self.recordStart > 1 << 16 else { return }
    self.buffer.removeFirst(self.recordStart)
    self.position -= self.recordStart
    self.recordStart = 0
  }

  private func problem(_ message: String, line: Int? = nil, column: Int? = nil) -> CSVProblem {
    CSVProblem(
      line: line ?? self.line,
      column: column ?? self.column,
      message: message,
      fields: self.fields
    )
  }
}
