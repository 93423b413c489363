import HTTPMessage

extension Fleet {
  /// Chooses an endpoint for a call and counts the call as in flight there.
  ///
  /// Endpoints that earlier attempts went to are taken where there is no other. Where none is fit,
  /// one of the unfit is as good as another: that all of them fail is likelier our mistake.
  ///
  /// - Returns: `nil` when there is none that the call could go to.
  /// - Complexity: O(number of endpoints).
  mutating func pick(_ wish: Wish, now: ContinuousClock.Instant) -> Pick? {
    if wish.mayProbe, wish.tried.isEmpty,
      let index = self.endpoints.indices.first(where: { self.endpoints[$0].isProbeDue(at: now) })
    {
      self.endpoints[index].ejection?.isProbing = true
      return self.take(index, isProbe: true)
    }
    let fit = self.endpoints.indices.filter { self.endpoints[$0].state(at: now) == .ready }
    let untried = wish.tried.isEmpty ? fit : fit.filter { self.isUntried($0, wish) }
    if let index = self.choose(untried.isEmpty ? fit : untried, now: now) {
      return self.take(index)
    }
    let reachable = self.endpoints.indices.filter { self.endpoints[$0].unreachable == nil }
    // A second look at what can't be reached would be a waste within one call.
    let rest =
      reachable.isEmpty && wish.takesUnreachable && wish.tried.isEmpty
      ? Array(self.endpoints.indices) : reachable.filter { self.isUntried($0, wish) }
    return self.choose(rest, now: now).map { self.take($0, isLastResort: true) }
  }

  private func isUntried(_ index: Int, _ wish: Wish) -> Bool {
    !wish.tried.contains(self.endpoints[index].id)
  }

  private mutating func take(
    _ index: Int,
    isProbe: Bool = false,
    isLastResort: Bool = false
  ) -> Pick {
    self.endpoints[index].inFlight += 1
    self.endpoints[index].calls += 1
    // An endpoint as a whole has many parts to hold on to.
    return Pick(
      id: self.endpoints[index].id,
      scheme: self.endpoints[index].address.scheme,
      authority: self.endpoints[index].authority,
      handler: self.endpoints[index].transport.handler,
      isProbe: isProbe,
      isLastResort: isLastResort
    )
  }

  private mutating func choose(_ candidates: [Int], now: ContinuousClock.Instant) -> Int? {
    guard candidates.count > 1 else { return candidates.first }
    switch self.balancing {
    case .pickFirst:
      let index = candidates.first { self.endpoints[$0].id == self.first } ?? candidates[0]
      self.first = self.endpoints[index].id
      return index
    case .roundRobin:
      self.turn &+= 1
      return candidates[Int(UInt(bitPattern: self.turn) % UInt(candidates.count))]
    case .leastRequest(let choiceCount):
      var best = candidates[Int.random(in: candidates.indices, using: &self.random)]
      for _ in 1..<choiceCount {
        let other = candidates[Int.random(in: candidates.indices, using: &self.random)]
        if self.endpoints[other].inFlight < self.endpoints[best].inFlight { best = other }
      }
      return best
    case .p2cEWMA:
      let candidates = self.quick(candidates, now: now)
      guard candidates.count > 1 else { return candidates.first }
      let first = Int.random(in: candidates.indices, using: &self.random)
      var second = Int.random(in: 0..<candidates.count - 1, using: &self.random)
      if second >= first { second += 1 }
      let (one, other) = (candidates[first], candidates[second])
      return self.cost(one, now: now) <= self.cost(other, now: now) ? one : other
    }
  }

  /// An endpoint whose calls take so many times as long as another's waits until that one is slow
  /// too, however many calls are in flight there.
  private static let slowness = 3.0

  /// The candidates without those that are much slower than the best, which get a call now and then.
  private func quick(_ candidates: [Int], now: ContinuousClock.Instant) -> [Int] {
    func usual(_ index: Int) -> Double? { self.endpoints[index].latency.usualSeconds(at: now) }
    guard let best = candidates.lazy.compactMap(usual).min() else { return candidates }
    let limit = best * Self.slowness
    guard candidates.contains(where: { usual($0) ?? 0 > limit }) else { return candidates }
    return candidates.filter { usual($0) ?? 0 <= limit }
  }

  /// Seconds that a call may expect to take: what calls took, for each in flight and itself.
  ///
  /// An endpoint of which nothing is known gets one call to begin with.
  private func cost(_ index: Int, now: ContinuousClock.Instant) -> Double {
    let inFlight = self.endpoints[index].inFlight
    let known = self.endpoints[index].latency.seconds(at: now)
    let latency = known ?? (inFlight == 0 ? 0 : PeakEWMA.penalty / .seconds(1))
    return latency * Double(inFlight + 1)
  }
}
