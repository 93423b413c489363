import Synchronization

#if canImport(Glibc)
import Glibc
#endif

private final class Outcome<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
}

/// Runs `work` on this thread, which only waits where `work` does.
func awaiting<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value {
  let outcome = Outcome<Value>()
  Task.immediate {
    let value = await work()
    outcome.value.withLock { $0 = value }
  }
  while true {
    if let value = outcome.value.withLock({ $0 }) { return value }
    sched_yield()
  }
}
