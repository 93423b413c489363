import Glibc

/// 1 / (1 + e^-x), 0...1.
func sigmoid(_ value: Float) -> Float {
  1 / (1 + expf(-value))
}
