#if canImport(Glibc)
import Glibc
#endif

/// Keeps a journal to one run, until this goes or the process ends, in whatever way.
final class JournalLock: Sendable {
  private let path: String
  private let file: Int32

  /// - Parameter path: Of a file that is made for this.
  /// - Throws: `Unusable` where another run has it.
  init(path: String) throws(BatchJournal.Unusable) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw BatchJournal.Unusable(description: "\(path): can't be written") }
    var (locked, named) = (stat(), stat())
    // The run before may have removed the file after it was opened here.
    guard flock(file, LOCK_EX | LOCK_NB) == 0, fstat(file, &locked) == 0, stat(path, &named) == 0,
      locked.st_ino == named.st_ino
    else {
      close(file)
      throw BatchJournal.Unusable(
        description: "\(path): another run hands over the same file; wait for its end"
      )
    }
    self.path = path
    self.file = file
  }

  deinit { close(self.file) }

  /// Removes the file, which stays locked.
  func remove() { unlink(self.path) }
}
