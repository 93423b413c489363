#if canImport(Glibc)
import Glibc
#endif

/// What the system knows of this process, under the names of Prometheus's own clients.
///
/// Source: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
enum ProcessMetrics {
  static func snapshots() -> [MetricSnapshot] {
    var metrics: [MetricSnapshot] = []
    func add(_ name: String, _ kind: MetricKind, _ value: Double?) {
      guard let value else { return }
      metrics.append(MetricSnapshot(name: name, kind: kind, samples: [.init(value: value)]))
    }
    let status = Self.status()
    add("process_cpu_seconds_total", .counter, status?.cpuSeconds)
    add("process_resident_memory_bytes", .gauge, status?.residentBytes)
    add("process_virtual_memory_bytes", .gauge, status?.virtualBytes)
    add("process_start_time_seconds", .gauge, status?.startTime)
    add("process_threads", .gauge, status?.threads)
    add("process_open_fds", .gauge, Self.openFiles())
    add("process_max_fds", .gauge, Self.maxFiles())
    return metrics
  }

  private struct Status {
    var cpuSeconds: Double
    var residentBytes: Double
    var virtualBytes: Double
    var startTime: Double?
    var threads: Double
  }

  /// What the kernel says of the process in one line.
  ///
  /// Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  private static func status() -> Status? {
    guard let line = Self.text(of: "/proc/self/stat"), let name = line.lastIndex(of: ")") else {
      return nil
    }
    // The third field is the first behind the executable's name, which may hold spaces.
    let fields = line[line.index(after: name)...].split(separator: " ").map { Double($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let boot = Self.text(of: "/proc/stat")?.split(separator: "\n")
      .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst("btime ".count)) }
    return Status(
      cpuSeconds: (fields[11] + fields[12]) / ticks,
      residentBytes: fields[21] * Double(sysconf(Int32(_SC_PAGESIZE))),
      virtualBytes: fields[20],
      startTime: boot.map { $0 + fields[19] / ticks },
      threads: fields[17]
    )
  }

  private static func openFiles() -> Double? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Neither ".", "..", nor the folder that is being read.
    return Double(max(0, count - 3))
  }

  private static func maxFiles() -> Double? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
  }

  private static func text(of path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 8192)
    while true {
      let count = read(file, &chunk, chunk.count)
      guard count > 0 else { return String(decoding: content, as: UTF8.self) }
      content.append(contentsOf: chunk[..<count])
    }
  }
}
