import Foundation
import Testing

@testable import LocalModels

@Suite struct `A model file` {
  private static let bytes = Result { try Loaded.resourceBytes() }

  private func reason(_ bytes: [UInt8]) -> LocalModelError.Reason? {
    do throws(LocalModelError) {
      _ = try EmotionModel(try ModelResource(bytes: bytes, name: "a test's file"))
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func `is found beside the tests`() throws {
    #expect(try ModelResource.locate(override: nil).version.count == 12)
  }

  @Test func `that an override names but nobody made is missing`() {
    let error = #expect(throws: LocalModelError.self) {
      try ModelResource.locate(override: "/nowhere/affect.model")
    }
    #expect(error?.reason == .missing)
    #expect(error?.description.contains("/nowhere/affect.model") == true)
  }

  @Test func `may not be a folder`() {
    let error = #expect(throws: LocalModelError.self) { try ModelResource(path: "/tmp") }
    #expect(error?.reason == .unknownFormat)
  }

  @Test(arguments: 0..<24)
  func `that ends too early is refused`(step: Int) throws {
    let bytes = try Self.bytes.get()
    let lengths = [0, 1, 3, 4, 8, 11, 12, 13, 100, 500, bytes.count - 1, bytes.count - 100]
    let length = step < lengths.count ? lengths[step] : bytes.count * (step - 11) / 14
    let reason = self.reason(Array(bytes[..<length]))
    #expect(reason == .truncated || reason == .unknownFormat)
  }

  @Test func `of another format is refused`() throws {
    var bytes = try Self.bytes.get()
    bytes[0] ^= 1
    #expect(self.reason(bytes) == .unknownFormat)
    bytes[0] ^= 1
    bytes[4] = 1
    #expect(self.reason(bytes) == .unknownFormat)
  }

  @Test func `with a changed byte does not match its checksum`() throws {
    var bytes = try Self.bytes.get()
    bytes[bytes.count / 2] ^= 0x10
    #expect(self.reason(bytes) == .corrupted)
  }

  @Test func `whose header was changed anywhere is refused`() throws {
    let bytes = try Self.bytes.get()
    let sections = 12 + Int(bytes[8]) * 24
    for place in stride(from: 8, to: sections, by: 7) {
      var changed = bytes
      changed[place] ^= 0x81
      #expect(self.reason(changed) != nil, "byte \(place)")
    }
  }

  @Test(arguments: [
    "HASH", "FOLD", "EMBA", "EMBC", "CNNW", "DIST", "LBLS", "FAMS", "GRAM", "GRAF", "THRS", "PLOT",
    "TAGS",
    "TAGP",
    "TAGV", "TAGZ", "LANX",
  ])
  func `without a section or with an empty one is malformed`(tag: String) throws {
    let resource = try ModelResource(bytes: try Self.bytes.get(), name: "whole")
    for contents in [nil, []] as [[UInt8]?] {
      let reason = self.reason(try repacked(resource, tag: tag, contents: contents))
      #expect([.malformed, .truncated].contains(reason))
    }
  }

  @Test func `written again as it was opens`() throws {
    let resource = try ModelResource(bytes: try Self.bytes.get(), name: "whole")
    let names = Array(try resource.section("FAMS"))
    #expect(self.reason(try repacked(resource, tag: "FAMS", contents: names)) == nil)
  }

  @Test(arguments: [
    (near: 96, queries: 64, keys: 64, values: 128), (128, 72, 72, 128), (128, 64, 48, 128),
    (128, 64, 64, 96), (128, 0, 0, 128),
  ])
  func `whose layers do not fit together is malformed`(
    near: Int,
    queries: Int,
    keys: Int,
    values: Int
  ) throws {
    let resource = try ModelResource(bytes: try Self.bytes.get(), name: "whole")
    let shapes = { (near: Int, queries: Int, keys: Int, values: Int) in
      [
        (256, 96), (384, 96), (384, near), (128, queries), (128, keys), (128, values),
        (448 + near, 192), (192, 28), (192, 40),
      ]
    }
    let fitting = shapes(128, 64, 64, 128).flatMap(emptyLayer)
    #expect(self.reason(try repacked(resource, tag: "CNNW", contents: fitting)) == nil)
    let layers = shapes(near, queries, keys, values).flatMap(emptyLayer)
    #expect(self.reason(try repacked(resource, tag: "CNNW", contents: layers)) == .malformed)
  }

  @Test func `of no bytes at all is truncated`() {
    #expect(self.reason([]) == .truncated)
  }

  @Test func `has the checksums of zip files`() {
    #expect(Checksum().value(of: Array("123456789".utf8)[...]) == 0xCBF4_3926)
    #expect(Checksum().value(of: []) == 0)
  }
}

/// A layer of zeros, as section CNNW holds it.
private func emptyLayer(inputs: Int, outputs: Int) -> [UInt8] {
  let counts = [inputs, outputs].flatMap { count in
    withUnsafeBytes(of: UInt32(count).littleEndian, Array.init)
  }
  return counts + [UInt8](repeating: 0, count: 8 * outputs + inputs * outputs)
}

/// Writes the file again with one section replaced or left out.
private func repacked(
  _ resource: ModelResource,
  tag: String,
  contents: [UInt8]?
) throws -> [UInt8] {
  let sections = try resource.sections.keys.sorted().compactMap { name -> (String, [UInt8])? in
    guard name == tag else { return (name, Array(try resource.section(name))) }
    return contents.map { (name, $0) }
  }
  var header: [UInt8] = Array("AFM1".utf8)
  func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { header.append(contentsOf: $0) }
  }
  append(ModelResource.format)
  append(UInt32(sections.count))
  var offset = 12 + sections.count * 24
  for (name, bytes) in sections {
    header.append(contentsOf: name.utf8)
    append(UInt64(offset))
    append(UInt64(bytes.count))
    append(Checksum().value(of: bytes[...]))
    offset += bytes.count
  }
  return header + sections.flatMap(\.1)
}
