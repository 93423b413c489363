/// The genres of every title as bits, for any number of genres.
struct GenreSets: Sendable {
  /// Sorted, in lower case.
  let names: [String]
  /// 64-bit blocks per title.
  let blocks: Int
  /// `[titles, blocks]`, row after row.
  private let bits: [UInt64]
  private let indices: [String: Int]

  /// - Parameter genres: One list for each title.
  init(_ genres: [[String]]) {
    var lowered: [String: String] = [:]
    for genre in genres.joined() where lowered[genre] == nil {
      lowered[genre] = genre.lowercased()
    }
    let names = Set(lowered.values).sorted()
    let indices = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    let blocks = (names.count + 63) / 64
    var bits = [UInt64](repeating: 0, count: genres.count * blocks)
    for (row, list) in genres.enumerated() {
      for genre in list {
        guard let name = lowered[genre], let index = indices[name] else { continue }
        bits[row * blocks + index / 64] |= 1 << UInt64(index % 64)
      }
    }
    self.names = names
    self.blocks = blocks
    self.bits = bits
    self.indices = indices
  }

  /// The bits of `genres`, and whether each of them is a genre of the catalog.
  func mask(of genres: [String]) -> (bits: [UInt64], allKnown: Bool) {
    var mask = [UInt64](repeating: 0, count: self.blocks)
    var allKnown = true
    for genre in genres {
      if let index = self.indices[genre.lowercased()] {
        mask[index / 64] |= 1 << UInt64(index % 64)
      } else {
        allKnown = false
      }
    }
    return (mask, allKnown)
  }

  func row(_ row: Int, meetsAnyOf mask: [UInt64]) -> Bool {
    (0..<self.blocks).contains { block in
      self.bits[row * self.blocks + block] & mask[block] != 0
    }
  }

  func row(_ row: Int, meetsAllOf mask: [UInt64]) -> Bool {
    (0..<self.blocks).allSatisfy { block in
      self.bits[row * self.blocks + block] & mask[block] == mask[block]
    }
  }
}
