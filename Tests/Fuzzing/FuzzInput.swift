/// The bytes of one execution, taken from the front.
struct FuzzInput {
  private var rest: UnsafeBufferPointer<UInt8>.SubSequence

  init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
    self.rest = UnsafeBufferPointer(start: start, count: count)[...]
  }

  var isEmpty: Bool { self.rest.isEmpty }

  /// The next byte, 0 at the end.
  mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

  /// As many of the next bytes as there are, `count` at most.
  mutating func bytes(_ count: Int) -> [UInt8] {
    let taken = Array(self.rest.prefix(count))
    self.rest = self.rest.dropFirst(count)
    return taken
  }
}

/// Ends the process, and so tells libFuzzer of a finding.
func require(_ condition: Bool, _ what: String) {
  guard condition else { fatalError(what) }
}
