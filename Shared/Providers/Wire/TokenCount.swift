extension Int? {
  /// A count of tokens as a vendor tells it, within 0...Int32.max: sums of it don't overflow.
  var tokenCount: Int { Int(Int32(clamping: max(0, self ?? 0))) }
}
