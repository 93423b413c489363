import Glibc

/// 1 / (1 + e^-x), 0...1.
func sigmoid(_ value: Float) -> Float {
  1 / (1 + expf(-value))
}

/// The log-odds of a probability, kept within -12...12.
func logit(_ value: Float) -> Float {
  value <= 0 ? -12 : value >= 1 ? 12 : max(-12, min(12, logf(value / (1 - value))))
}
