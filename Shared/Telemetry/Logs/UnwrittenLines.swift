#if canImport(Glibc)
import Glibc
#endif

/// Lines on their way to a file that may take none.
struct UnwrittenLines {
  private var bytes: ArraySlice<UInt8> = []

  /// What a pipe that takes anything takes without a wait, `PIPE_BUF`.
  ///
  /// Source: https://man7.org/linux/man-pages/man7/pipe.7.html
  private static let chunk = 4096

  var isEmpty: Bool { self.bytes.isEmpty }

  mutating func add(_ text: String) {
    if self.bytes.isEmpty {
      self.bytes = Array(text.utf8)[...]
    } else {
      self.bytes.append(contentsOf: text.utf8)
    }
  }

  /// Writes what the file takes within `patience`; lines that it can never take are dropped.
  ///
  /// Returns whether it took anything.
  @discardableResult
  mutating func write(to descriptor: Int32, within patience: Duration = .zero) -> Bool {
    guard !self.bytes.isEmpty else { return false }
    let own = Self.opened(descriptor)
    defer { if let own { close(own) } }
    let file = own ?? descriptor
    let count = self.bytes.count
    let end = ContinuousClock.now + patience
    while !self.bytes.isEmpty, Self.isWritable(file, until: end) {
      let chunk = self.bytes.prefix(Self.chunk)
      // Lines stay whole where others write to the same pipe.
      let lines = chunk.lastIndex(of: UInt8(ascii: "\n")).map { chunk[...$0] } ?? chunk
      let written = lines.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if written > 0 {
        self.bytes = self.bytes.dropFirst(written)
      } else if errno == EAGAIN {
        break
      } else if errno != EINTR {
        self.bytes = []
      }
    }
    return self.bytes.count < count
  }

  /// The pipe or terminal behind a descriptor, opened anew so that writing never waits, or `nil`.
  ///
  /// The descriptor's own mode would change for every process that shares it.
  private static func opened(_ descriptor: Int32) -> Int32? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, [S_IFIFO, S_IFCHR].contains(status.st_mode & S_IFMT)
    else { return nil }
    let file = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    return file < 0 ? nil : file
  }

  private static func isWritable(_ descriptor: Int32, until end: ContinuousClock.Instant) -> Bool {
    let milliseconds = max(0, (end - ContinuousClock.now) / .milliseconds(1))
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&entry, 1, Int32(milliseconds.rounded(.up))) > 0
  }
}
