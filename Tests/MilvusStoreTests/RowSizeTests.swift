import CatalogStore
import HTTPMessage
import SwiftProtobuf
import Testing

@testable import MilvusStore

@Suite struct `Rows that are put in` {
  private static func title(_ number: Int, bytes: Int) -> CatalogTitle {
    CatalogTitle(
      id: "t\(number)",
      name: "",
      type: .movie,
      // Each becomes two bytes of JSON.
      description: String(repeating: "\n", count: bytes / 2),
      genres: (0..<20).map { "genre \($0)" },
      emotions: (0..<20).map { TitleEmotion(name: "emotion \($0)", intensity: 1 / 3) }
    )
  }

  @Test(arguments: [2, 128, 4096])
  func `are cut by the size of their messages`(width: Int) throws {
    let rows = (0..<700).map { number in
      let stored = StoredTitle(
        title: Self.title(number, bytes: number.isMultiple(of: 2) ? 60_000 : 600),
        contentVector: [Float](repeating: 0.1, count: width),
        sourceHash: .max
      )
      return (
        tag: RowTag(slot: .max, writer: .max, number: number),
        content: TitleRows.Content.stored(stored)
      )
    }
    let parts = RowWriting.parts(of: rows) { TitleRows.bytes($0.content, width: width) }
    #expect(parts.count > 1 && parts.map(\.count).reduce(0, +) == rows.count)
    for (index, part) in parts.enumerated() {
      let request = try MilvusInsertRequest.with {
        $0.fieldsData = try TitleRows.columns(part, width: width)
      }
      let size: [UInt8] = try request.serializedBytes()
      #expect(size.count <= RowWriting.maxBytes)
      // Not much smaller than it may be either.
      if index < parts.count - 1 { #expect(size.count > RowWriting.maxBytes * 9 / 10) }
    }
  }

  @Test func `are told with the limit that one exceeds`() {
    let store = MilvusCatalogStore(send: { _ in HTTPResponse(status: 503) })
    var title = Self.title(1, bytes: 20_000)
    #expect(store.problem(with: title) == nil)
    title.id = String(repeating: "🎬", count: 256)
    #expect(store.problem(with: title) == nil)
    title.id += "x"
    #expect(store.problem(with: title) == "an id has more than 1024 bytes")
    #expect(store.problem(with: Self.title(2, bytes: 70_000))?.contains("65535") == true)
    title = Self.title(3, bytes: 2)
    title.emotions[0] = TitleEmotion(name: "", intensity: 1)
    #expect(store.problem(with: title) == "an emotion of the title t3 has no name")
  }

  @Test func `are at most a thousand at a time, and one where it is larger alone`() {
    let small = RowWriting.parts(of: Array(0..<2500)) { _ in 1 }
    #expect(small.map(\.count) == [1000, 1000, 500])
    let large = RowWriting.parts(of: Array(0..<3)) { _ in RowWriting.maxBytes + 1 }
    #expect(large.map(\.count) == [1, 1, 1])
    #expect(RowWriting.parts(of: [Int]()) { _ in 1 }.isEmpty)
  }
}
