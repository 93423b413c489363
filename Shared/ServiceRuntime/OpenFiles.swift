#if canImport(Glibc)
import Glibc
#endif

/// How many files the process may have open, of which each connection is one.
enum OpenFiles {
  /// Beside the connections of clients: those to other services, stores, libraries, logs.
  private static let others = 256

  /// Makes room for so many connections, as far as the system lets the process.
  ///
  /// - Returns: What is wrong and what to do, or `nil` when there is room.
  static func problem(connections: Int) -> String? {
    let needed = rlim_t(connections + Self.others)
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    guard limit.rlim_cur < needed else { return nil }
    let allowed = limit.rlim_max
    if allowed >= needed {
      limit.rlim_cur = needed
      if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { return nil }
    }
    return "\(connections) connections need \(needed) open files, and this process may have "
      + "\(allowed): raise that (ulimit -n, LimitNOFILE=, --ulimit nofile=) or lower the setting"
  }
}
