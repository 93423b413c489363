import CatalogStore
import SwiftProtobuf
import Testing

@testable import MilvusStore

@Suite struct `A manifest` {
  private static func manifest(sessions: Int) -> StoredManifest {
    .with {
      $0.lineage = .max
      $0.writer = .max
      $0.space = "local/affect-128-\u{1F62D}"
      $0.timestamp = .max
      $0.sessions = (0..<sessions).map { number in
        .with {
          $0.writer = .max - UInt64(number)
          $0.slot = .max
        }
      }
    }
  }

  @Test(arguments: [0, 1, 7, 256])
  func `comes back from names that Milvus takes`(sessions: Int) throws {
    let manifest = Self.manifest(sessions: sessions)
    let names = try #require(ManifestText.fieldNames(of: manifest))
    #expect(names.count <= 60)
    for name in names {
      #expect(name.utf8.count <= 255)
      let isPlain = name.utf8.allSatisfy { byte in
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      }
      #expect(isPlain && name.first == "m")
    }
    #expect(ManifestText.manifest(in: ["slot", "nothing"] + names.shuffled()) == manifest)
  }

  @Test func `that is too large has no names`() {
    #expect(ManifestText.fieldNames(of: Self.manifest(sessions: 1000)) == nil)
  }

  @Test func `is missing where fields hold none, or something else`() {
    #expect(ManifestText.manifest(in: ["slot", "nothing"]) == nil)
    #expect(ManifestText.manifest(in: ["m00_A!"]) == nil)
    #expect(ManifestText.manifest(in: ["m00_77777"]) == nil)
  }

  @Test func `is told apart by names of collections`() {
    let names = CollectionNames(prefix: "a_b")
    let generation = Generation(slot: 12, writer: .max)
    #expect(names.meaning(of: names.version(7)) == .version(slot: 7))
    #expect(names.meaning(of: names.titles(generation)) == .rows(generation))
    #expect(names.meaning(of: names.emotions(generation)) == .rows(generation))
    for name in [
      "a_b", "a_b_", "a_b_v", "a_b_vx", "a_b_v-1", "a_v7", "a_b_c_v7", names.titlesAlias,
      "a_b_titles_1", "a_b_titles_x_1", "a_b_films_1_1",
    ] { #expect(names.meaning(of: name) == nil, "\(name)") }
  }
}

@Suite struct `The rows that count` {
  private static let version = CatalogVersion(
    slot: 5,
    manifest: .with {
      $0.sessions = [
        .with {
          $0.writer = 1
          $0.slot = 3
        },
        .with {
          $0.writer = 2
          $0.slot = 5
        },
      ]
    }
  )

  private static func newest(_ tags: [RowTag]) -> NewestRows<Int> {
    var newest = NewestRows<Int>(at: Self.version)
    for (index, tag) in tags.enumerated() { newest.offer("title", tag, index) }
    return newest
  }

  @Test func `are the last of those whose session claimed its slot, in any order`() {
    let tags = [
      RowTag(slot: 1, writer: 1, number: 1), RowTag(slot: 5, writer: 2, number: 1),
      RowTag(slot: 3, writer: 1, number: 1),
    ]
    for tags in [tags, tags.reversed()] {
      let newest = Self.newest(tags)
      #expect(newest.rows["title"]?.tag.slot == 5)
      #expect(Set(newest.superfluous.map(\.tag.slot)) == [1, 3])
    }
  }

  @Test func `are none of a session that lost, or that is at work`() {
    let newest = Self.newest([
      RowTag(slot: 4, writer: 1, number: 1), RowTag(slot: 5, writer: 3, number: 1),
      RowTag(slot: 6, writer: 2, number: 1),
    ])
    #expect(newest.rows.isEmpty)
    // What may still be claimed stays.
    #expect(newest.superfluous.map(\.tag.slot) == [4, 5])
  }

  @Test func `count once where a row was put in twice`() {
    let tag = RowTag(slot: 5, writer: 2, number: 1)
    let newest = Self.newest([tag, tag])
    #expect(newest.rows.count == 1 && newest.superfluous.isEmpty)
  }
}

@Suite struct `The address of a Milvus` {
  @Test func `names proxies, database and prefix`() throws {
    let plain = try #require(MilvusAddress("milvus://127.0.0.1:19530"))
    #expect(plain.proxies.map(\.host) == ["127.0.0.1"] && plain.proxies.map(\.port) == [19530])
    #expect(plain.database.isEmpty && plain.prefix == "netflixgpt")
    let full = try #require(MilvusAddress("milvus://a:1,[::1]:65535,c/films?prefix=mood_2"))
    #expect(full.proxies.map(\.host) == ["a", "::1", "c"])
    #expect(full.proxies.map(\.port) == [1, 65_535, 19_530])
    #expect(full.database == "films" && full.prefix == "mood_2")
    #expect(!plain.isEncrypted && !full.isEncrypted)
  }

  @Test func `says whether the proxies speak TLS`() throws {
    let address = try #require(MilvusAddress("milvuss://a,b:1/films"))
    #expect(address.isEncrypted && address.proxies.map(\.port) == [443, 1])
    #expect(address.database == "films")
  }

  @Test(arguments: [
    "", "milvus://", "milvuss://", "milvusss://a", "http://a:1", "milvus://a:0", "milvus://a:65536",
    "milvus://a:b",
    "milvus://root:Milvus@a:1", "milvus://a,,b", "milvus://a/2x", "milvus://a/x/y",
    "milvus://a?prefix=", "milvus://a?prefix=a-b", "milvus://a?other=1", "milvus://a b",
  ])
  func `is refused for`(text: String) {
    #expect(MilvusAddress(text) == nil)
  }
}

@Suite struct `Credentials` {
  /// As pymilvus 3.0.2 sends them.
  @Test func `are base64 without a scheme`() {
    #expect(MilvusCredentials.user("root", password: "Milvus").field == "cm9vdDpNaWx2dXM=")
    #expect(MilvusCredentials.token("abc").field == "YWJj")
    #expect(MilvusCredentials.none.field == nil)
  }
}

@Suite struct `A record` {
  @Test func `keeps a title with everything, and one with nothing`() throws {
    let full = CatalogTitle(
      id: "\"\u{1F3AC}",
      name: "냉면",
      type: .show,
      description: "a\n\\b",
      releaseYear: -1,
      ageRating: "X",
      runtimeMinutes: .max,
      genres: ["", "b"],
      productionCountries: ["US"],
      seasons: .min,
      imdbID: "tt",
      imdbScore: 0.1 + 0.2,
      imdbVotes: 0,
      tmdbPopularity: .leastNonzeroMagnitude,
      tmdbScore: -.greatestFiniteMagnitude,
      emotions: [TitleEmotion(name: "joy", intensity: 1 / 3)],
      emojis: ["👨‍👩‍👧"],
      annotatedBy: "x"
    )
    for title in [full, CatalogTitle(id: "t", name: "", type: .movie)] {
      #expect(try TitleRecord.title(of: TitleRecord.text(of: title)) == title)
    }
  }

  @Test func `of more than 65,535 bytes is refused by the title's id`() throws {
    var title = CatalogTitle(id: "t1", name: "", type: .movie)
    let empty = try TitleRecord.text(of: title).utf8.count
    title.description = String(repeating: "x", count: 65_535 - empty)
    #expect(try TitleRecord.text(of: title).utf8.count == 65_535)
    title.description += "x"
    #expect(throws: StoreError.rejected("the title t1 takes 65536 bytes, more than 65535")) {
      try TitleRecord.text(of: title)
    }
  }
}
