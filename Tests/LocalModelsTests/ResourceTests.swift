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
    "filters": [0: (256, 97)], "width of filters": [1: (256, 96)],
    "inputs of near": [2: (256, 128)], "near": [2: (384, 96)],
    "inputs of queries": [3: (96, 64)], "no queries": [3: (128, 0), 4: (128, 0)],
    "inputs of keys": [4: (160, 64)], "keys": [4: (128, 48)],
    "queries of a head": [3: (128, 72), 4: (128, 72)],
    "inputs of values": [5: (64, 128)], "values": [5: (128, 96)],
    "inputs of hidden": [6: (575, 192)], "inputs of labels": [7: (191, 28)],
    "labels": [7: (192, 27)], "inputs of families": [8: (193, 40)], "families": [8: (192, 41)],
  ])
  func `whose layers do not fit together is malformed`(
    what: String,
    changes: [Int: (inputs: Int, outputs: Int)]
  ) throws {
    let resource = try ModelResource(bytes: try Self.bytes.get(), name: "whole")
    let layers = Self.shapes.enumerated().flatMap { place, shape in
      let shape = changes[place] ?? shape
      return layer(inputs: shape.inputs, outputs: shape.outputs)
    }
    #expect(self.reason(try repacked(resource, tag: "CNNW", contents: layers)) == .malformed)
  }

  @Test(arguments: 0..<9)
  func `may have a bias in every layer but those of keys and values`(place: Int) throws {
    let resource = try ModelResource(bytes: try Self.bytes.get(), name: "whole")
    let layers = Self.shapes.enumerated().flatMap { number, shape in
      layer(inputs: shape.inputs, outputs: shape.outputs, bias: number == place ? 0.5 : 0)
    }
    let reason = self.reason(try repacked(resource, tag: "CNNW", contents: layers))
    #expect(reason == ([4, 5].contains(place) ? .malformed : nil))
  }

  /// Two filters, near, queries, keys, values, hidden, labels and families.
  private static let shapes: [(inputs: Int, outputs: Int)] = [
    (256, 96), (384, 96), (384, 128), (128, 64), (128, 64), (128, 128),
    (576, 192), (192, 28), (192, 40),
  ]

  @Test func `of no bytes at all is truncated`() {
    #expect(self.reason([]) == .truncated)
  }

  @Test func `has the checksums of zip files`() {
    #expect(Checksum().value(of: Array("123456789".utf8)[...]) == 0xCBF4_3926)
    #expect(Checksum().value(of: []) == 0)
  }
}

/// A layer whose weights are nothing, as section CNNW holds it: sizes, scales, biases, weights.
private func layer(inputs: Int, outputs: Int, bias: Float = 0) -> [UInt8] {
  let counts = [inputs, outputs].flatMap { count in
    withUnsafeBytes(of: UInt32(count).littleEndian, Array.init)
  }
  let biases = withUnsafeBytes(of: bias.bitPattern.littleEndian, Array.init)
  return counts + [UInt8](repeating: 0, count: 4 * outputs)
    + (0..<outputs).flatMap { _ in biases }
    + [UInt8](repeating: 0, count: inputs * outputs)
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
