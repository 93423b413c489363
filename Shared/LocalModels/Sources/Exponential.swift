import Glibc

/// 1 / (1 + e^-x), 0...1.
func sigmoid(_ value: Float) -> Float {
  1 / (1 + expf(-value))
}

/// The log-odds of a probability, kept within -12...12.
func logit(_ value: Float) -> Float {
  value <= 0 ? -12 : value >= 1 ? 12 : max(-12, min(12, logf(value / (1 - value))))
}

/// e^x for `values` of 0 or less, to within a 100,000th of itself; below -40
/// as at -40, since what is nearly 0 is slow to multiply.
func exponential(_ values: SIMD8<Float>) -> SIMD8<Float> {
  let lowest = SIMD8<Float>(repeating: -40)
  let powers = values.replacing(with: lowest, where: values .< lowest) * 1.442_695_04
  // Adding 1.5 × 2^23 rounds to a whole number, which the sum's lowest bits then hold.
  let marker = SIMD8<Float>(repeating: 12_582_912)
  let shifted = powers + marker
  let rest = (powers - (shifted - marker)) * 0.693_147_18
  var series = rest * (1 / 120) + 1 / 24
  series = series * rest + 1 / 6
  series = series * rest + 0.5
  series = series * rest + 1
  series = series * rest + 1
  let whole =
    unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- unsafeBitCast(marker, to: SIMD8<Int32>.self)
  return series * unsafeBitCast((whole &+ 127) &<< 23, to: SIMD8<Float>.self)
}
