import Certificates
import Dispatch
import Logging

#if canImport(Glibc)
import Glibc
#endif

/// Keeps credentials in step with their files.
enum CertificateWatch {
  private static let period = 10

  /// Reads the files again every few seconds and on SIGHUP, which would end the process otherwise,
  /// until the task is cancelled.
  static func run(_ credentials: [Credentials], _ logger: Logger) async {
    guard !credentials.isEmpty else { return }
    let (moments, moment) = AsyncStream.makeStream(
      of: Void.self,
      bufferingPolicy: .bufferingNewest(1)
    )
    signal(SIGHUP, SIG_IGN)
    let hangup = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    let timer = DispatchSource.makeTimerSource(queue: .global())
    let period = DispatchTimeInterval.seconds(Self.period)
    timer.schedule(deadline: .now() + period, repeating: period, leeway: .seconds(1))
    hangup.setEventHandler { moment.yield() }
    timer.setEventHandler { moment.yield() }
    hangup.activate()
    timer.activate()
    for await _ in moments {
      for each in credentials { Self.reload(each, logger) }
    }
    hangup.cancel()
    timer.cancel()
  }

  private static func reload(_ credentials: Credentials, _ logger: Logger) {
    do throws(CertificateProblems) {
      if try credentials.reload() { logger.info("certificates were read again") }
    } catch {
      logger.error(
        "certificates have changed and can't be used; those from before stay in use",
        metadata: ["problem": "\(error)"]
      )
    }
  }
}
