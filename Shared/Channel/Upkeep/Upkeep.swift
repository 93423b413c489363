/// The task that looks after a channel's endpoints, and what it is asked to do.
struct Upkeep: Sendable {
  private enum State: Sendable {
    case idle
    case running(Task<Void, Never>)
    case ended
  }

  private var state = State.idle
  private var wantsResolution = false

  /// Starts `task` unless it was before.
  mutating func start(_ task: () -> Task<Void, Never>) {
    if case .idle = self.state { self.state = .running(task()) }
  }

  mutating func end() {
    if case .running(let task) = self.state { task.cancel() }
    self.state = .ended
  }

  mutating func resolveSoon() { self.wantsResolution = true }

  mutating func takeWish() -> Bool {
    defer { self.wantsResolution = false }
    return self.wantsResolution
  }
}
