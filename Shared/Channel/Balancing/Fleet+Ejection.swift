extension Fleet {
  /// The rule that an endpoint has broken, as metrics name it.
  func ejectionRule(_ index: Int) -> String? {
    let endpoint = self.endpoints[index]
    if endpoint.failuresInARow >= self.outliers.consecutiveFailures { return "consecutive" }
    if endpoint.window.calls >= self.outliers.minCalls,
      endpoint.window.successPercent < self.outliers.minSuccessPercent
    {
      return "success_rate"
    }
    return nil
  }

  /// Whether enough endpoints remain without this one: another that is ready, and no more left out
  /// than the limit says.
  func mayEject(_ index: Int, now: ContinuousClock.Instant) -> Bool {
    let others = self.endpoints.indices.filter { $0 != index }
    guard others.contains(where: { self.endpoints[$0].state(at: now) == .ready }) else {
      return false
    }
    let ejected = others.filter { self.endpoints[$0].state(at: now) == .ejected }.count
    let share = Double(self.endpoints.count) * self.outliers.maxEjectedPercent / 100
    return self.outliers.maxEjectedPercent > 0 && ejected + 1 <= max(1, Int(share))
  }

  mutating func eject(_ index: Int, now: ContinuousClock.Instant) {
    // Time in service pays for earlier ejections.
    if let returned = self.endpoints[index].returned {
      let served = Int(max(now - returned, .zero) / self.outliers.baseEjection)
      self.endpoints[index].ejections = max(0, self.endpoints[index].ejections - served)
    }
    var length = self.outliers.baseEjection
    for _ in 0..<self.endpoints[index].ejections where length < self.outliers.maxEjection {
      length *= 2
    }
    length = min(length, max(self.outliers.maxEjection, self.outliers.baseEjection))
    self.endpoints[index].ejections += 1
    self.endpoints[index].ejection = Endpoint.Ejection(
      end: now + length,
      nextProbe: now + self.outliers.probeInterval
    )
    self.endpoints[index].failuresInARow = 0
  }
}
