import Glibc

/// The file that holds the models: a header, a table of sections, the sections.
///
/// Little-endian throughout: `AFM1`, u32 format, u32 count, then for each section a four-letter
/// tag, u64 offset, u64 length and u32 CRC-32. Every section is checked when the file is opened.
/// The file is read, not mapped: a mapped file that shrinks ends the process.
package final class ModelResource: Sendable {
  /// A digest of the contents, 12 hexadecimal digits.
  package let version: String

  static let magic: [UInt8] = Array("AFM1".utf8)
  static let format: UInt32 = 2
  static let maxBytes = 64 << 20
  static let maxSections = 64

  private let bytes: [UInt8]
  /// Tag -> where the section stands in the file.
  let sections: [String: Range<Int>]

  package convenience init(path: String) throws(LocalModelError) {
    try self.init(bytes: try readFile(path, limit: Self.maxBytes), name: path)
  }

  init(bytes: [UInt8], name: String) throws(LocalModelError) {
    var reader = SectionReader(bytes[...], name: name)
    guard bytes.count >= 12 else {
      throw LocalModelError(.truncated, "\(name) is \(bytes.count) bytes long")
    }
    guard Array(try reader.take(4)) == Self.magic, try reader.integer() == Self.format else {
      throw LocalModelError(.unknownFormat, "\(name) is not a model file of format \(Self.format)")
    }
    var sections: [String: Range<Int>] = [:]
    var checksums: [String: UInt32] = [:]
    for _ in 0..<(try reader.count(limit: Self.maxSections)) {
      let tag = String(decoding: try reader.take(4), as: UTF8.self)
      let offset = try reader.integer(UInt64.self)
      let length = try reader.integer(UInt64.self)
      checksums[tag] = try reader.integer(UInt32.self)
      guard offset <= UInt64(bytes.count), length <= UInt64(bytes.count) - offset else {
        throw LocalModelError(.truncated, "\(name) ends before its section \(tag)")
      }
      sections[tag] = Int(offset)..<Int(offset + length)
    }
    let checksum = Checksum()
    for (tag, range) in sections where checksum.value(of: bytes[range]) != checksums[tag] {
      throw LocalModelError(.corrupted, "\(name): section \(tag) does not match its checksum")
    }
    guard let version = sections["VERS"] else {
      throw LocalModelError(.malformed, "\(name) has no section VERS")
    }
    self.bytes = bytes
    self.sections = sections
    self.version = String(decoding: bytes[version], as: UTF8.self)
  }

  func section(_ tag: String) throws(LocalModelError) -> ArraySlice<UInt8> {
    guard let range = self.sections[tag] else {
      throw LocalModelError(.malformed, "the model file has no section \(tag)")
    }
    return self.bytes[range]
  }

  func reader(_ tag: String) throws(LocalModelError) -> SectionReader {
    SectionReader(try self.section(tag), name: "section \(tag)")
  }

  /// All of a section as 32-bit floats, which must be `count` where one is given.
  func floats(_ tag: String, count: Int? = nil) throws(LocalModelError) -> [Float] {
    var reader = try self.reader(tag)
    let values = try reader.floats(count ?? reader.remaining / 4)
    try reader.end()
    return values
  }

  /// A text section's lines, each with at least `columns` fields that tabs part.
  func rows(_ tag: String, columns: Int = 1) throws(LocalModelError) -> [[String]] {
    let rows = try self.section(tag).split(separator: UInt8(ascii: "\n")).map { line in
      line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    guard rows.allSatisfy({ $0.count >= columns }) else {
      throw LocalModelError(.malformed, "section \(tag) has a row of fewer than \(columns) fields")
    }
    return rows
  }
}

extension String {
  /// The parts between an ASCII separator, without empty ones.
  func parts(_ separator: Unicode.Scalar) -> [String] {
    self.utf8.split(separator: UInt8(ascii: separator)).compactMap { String($0) }
  }
}

/// Returns a file's bytes, at most `limit`.
private func readFile(_ path: String, limit: Int) throws(LocalModelError) -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else {
    throw LocalModelError(.missing, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
  }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
    status.st_size <= limit
  else {
    throw LocalModelError(.unknownFormat, "\(path) is not a file of at most \(limit) bytes")
  }
  let size = Int(status.st_size)
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let got = read(file, buffer.baseAddress.map { $0 + count }, size - count)
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else { return }
      count += got
    }
  }
  return bytes
}
