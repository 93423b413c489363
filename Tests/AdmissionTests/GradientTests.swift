import Testing

@testable import Admission

@Suite struct `The limit of calls at once` {
  private func update(
    _ limit: inout GradientLimit,
    _ latency: Double,
    times: Int,
    isSaturated: Bool = false
  ) {
    for _ in 0..<times {
      limit.update(latency: latency, busiest: Int(limit.value), isSaturated: isSaturated)
    }
  }

  @Test func `starts at 20 and grows to the most while calls take as long as ever`() {
    var limit = GradientLimit(most: 100)
    #expect(limit.value == 20)
    self.update(&limit, 0.01, times: 10)
    #expect(abs(limit.value - 28) < 0.001)
    self.update(&limit, 0.01, times: 1000)
    #expect(limit.value == 100)
  }

  @Test func `shrinks down to 4 while calls take much longer`() {
    var limit = GradientLimit(most: 200)
    self.update(&limit, 0.01, times: 50)
    let before = limit.value
    self.update(&limit, 0.03, times: 1)
    #expect(limit.value < before)
    self.update(&limit, 10, times: 100)
    #expect(limit.value < 9)
    #expect(limit.value >= GradientLimit.least)
  }

  @Test func `is at most what was asked for, and 4 at least`() {
    #expect(GradientLimit(most: 1).value == 4)
    #expect(GradientLimit(most: 8).value == 8)
  }

  @Test func `learns nothing without load`() {
    var limit = GradientLimit(most: 200)
    for _ in 0..<100 { limit.update(latency: 0.01, busiest: 9, isSaturated: false) }
    #expect(limit.value == 20)
  }

  @Test func `takes ten times as long to get used to an overload as to a slower service`() {
    func usual(isSaturated: Bool) -> Double {
      var limit = GradientLimit(most: 200)
      self.update(&limit, 0.01, times: 10)
      self.update(&limit, 0.02, times: 100, isSaturated: isSaturated)
      return limit.usual
    }
    #expect(usual(isSaturated: false) > 0.0125)
    #expect(usual(isSaturated: true) < 0.0105)
  }
}
