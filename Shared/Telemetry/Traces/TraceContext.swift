/// A place in a trace, as it travels from one service to the next.
///
/// Source: https://www.w3.org/TR/trace-context/
package struct TraceContext: Sendable, Hashable {
  private let high: UInt64
  private let low: UInt64
  let span: UInt64
  /// The flags that are known: sampled, and since level 2 that the trace's ID is random.
  private let flags: UInt8
  /// What other vendors added, passed on as it came.
  package let state: String?

  private static let sampled: UInt8 = 1
  private static let random: UInt8 = 2

  private init(high: UInt64, low: UInt64, span: UInt64, flags: UInt8, state: String?) {
    self.high = high
    self.low = low
    self.span = span
    self.flags = flags
    self.state = state
  }

  /// What a request's fields say, or `nil` where `traceparent` is none that is valid.
  ///
  /// - Parameters:
  ///   - traceparent: The value of the field.
  ///   - tracestate: Its values joined by ","; dropped when longer than 512 bytes.
  package init?(traceparent: String, tracestate: String? = nil) {
    var bytes = traceparent.utf8.makeIterator()
    func number(digits: Int) -> UInt64? {
      var number: UInt64 = 0
      for _ in 0..<digits {
        switch bytes.next() {
        case let digit? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit):
          number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
        case let digit? where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(digit):
          number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
        default: return nil
        }
      }
      return number
    }
    func dash() -> Bool { bytes.next() == UInt8(ascii: "-") }
    guard let version = number(digits: 2), version != 0xFF, dash(),
      let high = number(digits: 16), let low = number(digits: 16), high | low != 0, dash(),
      let span = number(digits: 16), span != 0, dash(),
      let flags = number(digits: 2)
    else { return nil }
    // Later versions may say more behind what this one knows.
    if let more = bytes.next() {
      guard version > 0, more == UInt8(ascii: "-") else { return nil }
    }
    let state = tracestate.flatMap { (1...512).contains($0.utf8.count) ? $0 : nil }
    self.init(
      high: high,
      low: low,
      span: span,
      flags: UInt8(truncatingIfNeeded: flags) & (Self.sampled | Self.random),
      state: state
    )
  }

  /// The start of a trace of our own.
  ///
  /// - Parameter isSampled: Decides by a number of 56 random bits, which every service can read
  ///   from the trace's ID.
  /// - Returns: Its first span.
  static func start(isSampled: (UInt64) -> Bool) -> TraceContext {
    let low = UniqueNumber.next()
    return TraceContext(
      high: UniqueNumber.next(),
      low: low,
      span: UniqueNumber.next(),
      flags: self.random | (isSampled(low & (1 << 56 - 1)) ? self.sampled : 0),
      state: nil
    )
  }

  /// A span below this one.
  var child: TraceContext {
    TraceContext(
      high: self.high,
      low: self.low,
      span: UniqueNumber.next(),
      flags: self.flags,
      state: self.state
    )
  }

  package var isSampled: Bool { self.flags & Self.sampled != 0 }

  /// The value of the field "traceparent".
  package var traceparent: String {
    String(unsafeUninitializedCapacity: 55) { bytes in
      bytes.initialize(repeating: UInt8(ascii: "0"))
      for index in [2, 35, 52] { bytes[index] = UInt8(ascii: "-") }
      bytes.writeHex(self.high, at: 3)
      bytes.writeHex(self.low, at: 19)
      bytes.writeHex(self.span, at: 36)
      bytes[54] += self.flags
      return 55
    }
  }

  /// 32 hexadecimal digits.
  package var traceID: String {
    String(unsafeUninitializedCapacity: 32) { bytes in
      bytes.initialize(repeating: 0)
      bytes.writeHex(self.high, at: 0)
      bytes.writeHex(self.low, at: 16)
      return 32
    }
  }

  /// 16 hexadecimal digits.
  package var spanID: String { Self.hex(self.span) }

  private static func hex(_ number: UInt64) -> String {
    String(unsafeUninitializedCapacity: 16) { bytes in
      bytes.initialize(repeating: 0)
      bytes.writeHex(number, at: 0)
      return 16
    }
  }
}
