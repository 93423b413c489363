/// SplitMix64: random numbers that are the same ones in every run with the same seed.
///
/// Source: https://prng.di.unimi.it/splitmix64.c
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// Begins where `seed` says.
  public init(seed: UInt64) { self.state = seed }

  /// The next of 2^64 numbers, each of which comes once.
  public mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = self.state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
