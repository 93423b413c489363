import SwiftProtobuf

extension JSONInspection {
  func checkName(_ value: String, of name: String) throws(JSONFault) {
    guard let names = self.shapes.enums[name], !names.contains(value) else { return }
    throw self.misfit("must be one of \(names.joined(separator: ", "))", "UNKNOWN_VALUE")
  }

  func checkInteger(_ text: String, _ range: ClosedRange<Int64>) throws(JSONFault) {
    let isWhole = try self.checkWhole(text)
    guard isWhole, let value = Int64(text) ?? Double(text).flatMap(Int64.init(exactly:)),
      range.contains(value)
    else {
      throw self.misfit("must be \(range.lowerBound)...\(range.upperBound)", "OUT_OF_RANGE")
    }
  }

  func checkUnsigned(_ text: String, max: UInt64) throws(JSONFault) {
    let isWhole = try self.checkWhole(text)
    guard isWhole, let value = UInt64(text) ?? Double(text).flatMap(UInt64.init(exactly:)),
      value <= max
    else { throw self.misfit("must be 0...\(max)", "OUT_OF_RANGE") }
  }

  /// Throws unless `text` is a number without a fraction.
  func checkWhole(_ text: String) throws(JSONFault) -> Bool {
    guard let value = Double(text), !value.isNaN else {
      throw self.wrongType("an integer", .string)
    }
    guard value.isInfinite || value.rounded() == value else {
      throw self.misfit("expected an integer, found a fraction", "WRONG_TYPE")
    }
    return value.isFinite
  }

  func checkReal(_ text: String, _ max: Double) throws(JSONFault) {
    if ["NaN", "Infinity", "-Infinity"].contains(text) { return }
    guard let value = Double(text), !text.isEmpty else {
      throw self.wrongType("a number", .string)
    }
    guard value.magnitude <= max else {
      throw self.misfit("must be \(-max)...\(max)", "OUT_OF_RANGE")
    }
  }

  /// Reads a message that has a JSON form of its own; returns false, having read nothing, for
  /// every other one.
  ///
  /// Source: https://protobuf.dev/programming-guides/json/
  mutating func checkWellKnown(_ name: String) throws(JSONFault) -> Bool {
    switch name {
    case "google.protobuf.Duration":
      try self.checkText("a duration such as \"1.5s\"") {
        (try? Google_Protobuf_Duration(jsonString: $0)) != nil
      }
    case "google.protobuf.Timestamp":
      try self.checkText("a time such as \"2026-01-31T12:00:00Z\"") {
        (try? Google_Protobuf_Timestamp(jsonString: $0)) != nil
      }
    case "google.protobuf.Any", "google.protobuf.Struct", "google.protobuf.Value",
      "google.protobuf.ListValue", "google.protobuf.FieldMask":
      try self.reader.skip()
    default:
      guard name.hasPrefix("google.protobuf."), name.hasSuffix("Value"),
        let value = self.shapes.messages[name]?.fields["value"]
      else { return false }
      try self.checkValue(value.kind)
    }
    return true
  }

  private mutating func checkText(_ expected: String, _ isValid: (String) -> Bool) throws(JSONFault)
  {
    let kind = try self.reader.kind()
    guard kind == .string else { throw self.wrongType(expected, kind) }
    guard isValid(try self.reader.source()) else {
      throw self.misfit("expected \(expected)", "INVALID_TEXT")
    }
  }
}

extension MessageShapes.Kind {
  var name: String {
    switch self {
    case .integer, .unsigned: "an integer"
    case .float, .double: "a number"
    case .boolean: "a boolean"
    case .string: "a string"
    case .bytes: "base64 in a string"
    case .names: "the name of a value"
    case .message: "an object"
    }
  }
}
