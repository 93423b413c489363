import CatalogStore

extension [RankedTitle] {
  /// A selection of `count` of these titles, in their order, the same one for the same seed.
  func sample(_ count: Int, seed: UInt32) -> [RankedTitle] {
    guard self.count > count else { return self }
    let chosen = self.indices
      .map { index in (lot: stableHash(self[index].id, seed: UInt64(seed)), index: index) }
      .sorted { ($0.lot, $0.index) < ($1.lot, $1.index) }
      .prefix(count).map(\.index).sorted()
    return chosen.map { self[$0] }
  }
}

/// A hash that is the same in every process: FNV-1a with a finaliser that spreads the seed.
///
/// Source: http://www.isthe.com/chongo/tech/comp/fnv/ and SplitMix64's finaliser,
/// https://prng.di.unimi.it/splitmix64.c
func stableHash(_ text: String, seed: UInt64 = 0) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ (seed &* 0x9e37_79b9_7f4a_7c15)
  for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
  hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
  return hash ^ (hash >> 31)
}
