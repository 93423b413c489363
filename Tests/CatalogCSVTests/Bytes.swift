import Foundation
import Glibc
import Testing

@testable import CatalogCSV

/// All steps of a text that comes in pieces of `piece` bytes.
func steps(_ bytes: some Collection<UInt8>, piece: Int = .max) -> [CSVRecords.Step] {
  var records = CSVRecords()
  var steps: [CSVRecords.Step] = []
  var rest = Array(bytes)[...]
  while true {
    switch records.next() {
    case .needsInput where rest.isEmpty: records.end()
    case .needsInput:
      records.append(rest.prefix(piece))
      rest = rest.dropFirst(piece)
    case .end: return steps
    case let step: steps.append(step)
    }
  }
}

/// The texts of the records of a text without malformed ones.
func texts(_ csv: String) throws -> [[String]] {
  try steps(csv.utf8).map { step in
    guard case .record(let fields) = step else { throw Unexpected(step: step) }
    return fields.map(\.text)
  }
}

struct Unexpected: Error {
  let step: CSVRecords.Step
}

/// Calls `body` with the path of a file of these bytes, which is removed afterwards.
func withFile<Value>(
  _ bytes: some Collection<UInt8>,
  _ body: (String) throws -> Value
) throws
  -> Value
{
  var template = Array("\(NSTemporaryDirectory())/netflixgpt-csv-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  try #require(descriptor >= 0)
  let path = template.withUnsafeBufferPointer { buffer in
    buffer.baseAddress.map { start in String(cString: start) } ?? ""
  }
  defer { unlink(path) }
  let all = Array(bytes)
  let written = all.withUnsafeBytes { buffer in
    write(descriptor, buffer.baseAddress, buffer.count)
  }
  close(descriptor)
  try #require(written == all.count)
  return try body(path)
}

/// Everything a file holds, in order.
func rows(_ csv: String) throws -> [Result<CatalogRow, RowProblem>] {
  try rows(csv.utf8)
}

func rows(_ bytes: some Collection<UInt8>) throws -> [Result<CatalogRow, RowProblem>] {
  try withFile(bytes) { path in
    var reader = try CatalogCSVReader(path: path)
    var rows: [Result<CatalogRow, RowProblem>] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }
}
