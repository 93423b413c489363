import HTTPMessage
package import RPC

/// Decides who may call a server, how often, and how much it takes on at once.
package final class AdmissionControl: Sendable {
  /// What is asked for; nothing by default.
  package struct Configuration: Sendable {
    /// A file of keys, or `nil`.
    package var keysFile: String?
    /// A file with a JSON Web Key Set that tokens are signed by, or `nil`.
    package var jwksFile: String?
    /// A secret that tokens are signed by, 32 bytes or more, or `nil`.
    package var tokenSecret: String?
    package var issuer: String?
    /// What must be among a token's audiences; "*" takes tokens for any, which keys of an issuer
    /// are not trusted with unless it is said.
    package var audience: String?
    package var clockSkew = Duration.seconds(60)
    /// For each caller whose key has no rates of its own, or `nil`.
    package var rates: RatePolicies?
    /// The most calls of a class that ever run at once, or `nil` for any number.
    package var mostRunning: Int? = 200
    /// The most calls of a class that wait for their turn.
    package var mostWaiting = 500
    /// The most calls of a class that wait for others without a turn of their own.
    package var mostPaused = 1000
    /// The most calls that are answered by a stream at once.
    package var mostStreams = 1000
    /// How long responses of calls with an `Idempotency-Key` are given again.
    package var replayLifetime = Duration.seconds(24 * 3600)

    package init() {}
  }

  private let files: CredentialFiles
  private let credentials: Credentials
  private let rates: RatePolicies?
  private let rateLimiter = RateLimiter()
  private let limiters: [CallClass: ConcurrencyLimiter]
  private let streams: OpenStreams
  private let replays: Replays
  private let rejections = Rejections()

  /// Reads the files of keys.
  ///
  /// - Parameters:
  ///   - configuration: What is asked for.
  ///   - report: Hears, in words fit for a log, that a file was read again or could not be.
  /// - Throws: `AdmissionProblem` where a file or the secret is no good, or an audience is missing.
  package init(
    _ configuration: Configuration,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws(AdmissionProblem) {
    guard configuration.jwksFile == nil || configuration.audience != nil else {
      throw AdmissionProblem(
        "JWT_JWKS_FILE needs JWT_AUDIENCE: an issuer's keys sign tokens for others too; * takes all"
      )
    }
    self.files = CredentialFiles(configuration, report: report)
    self.credentials = Credentials(try await self.files.read())
    self.rates = configuration.rates
    var limiters: [CallClass: ConcurrencyLimiter] = [:]
    if let most = configuration.mostRunning {
      for kind in CallClass.allCases {
        limiters[kind] = ConcurrencyLimiter(
          kind,
          most: most,
          mostWaiting: configuration.mostWaiting,
          mostPaused: configuration.mostPaused
        )
      }
    }
    self.limiters = limiters
    self.streams = OpenStreams(most: configuration.mostStreams)
    self.replays = Replays(lifetime: configuration.replayLifetime)
  }

  /// Reads the files again when they change, until it is cancelled.
  package func keepCurrent() async { await self.files.watch(self.credentials) }

  /// What a server asks.
  package var hooks: AdmissionHooks {
    AdmissionHooks(
      admit: { head in try self.admit(head) },
      enter: { call in try await self.enter(call) },
      once: { call, work in try await self.once(call, work) },
      charge: { head, more in self.charge(head, more) },
      inspect: { request in try self.inspect(request) }
    )
  }

  /// A look at health is for those who balance load, and have no key; to be told of each change is
  /// a call like others.
  private static func isOpen(_ head: CallHead) -> Bool { head.path == HealthMethods.check.path }

  private func admit(_ head: CallHead) throws(Refusal) -> HTTPAdmission {
    guard !Self.isOpen(head) else { return HTTPAdmission() }
    let kind = CallClass(head)
    var caller = Caller(address: head.request.peer)
    do throws(Refusal) {
      caller = try self.caller(of: head, kind)
      return try self.admit(caller, head, kind)
    } catch {
      var refusal = error
      refusal.caller = caller.name
      throw refusal
    }
  }

  private func admit(
    _ caller: Caller,
    _ head: CallHead,
    _ kind: CallClass
  ) throws(Refusal) -> HTTPAdmission {
    var fields = try self.takeToken(of: caller, kind)
    // A cache must not give one caller's answer to another.
    if caller.isKnown, head.request.method == "GET" {
      fields.append("vary", "authorization, x-api-key")
    }
    var priority = head.request.fields["x-priority"].flatMap(CallPriority.init) ?? .standard
    if priority == .critical, !caller.scopes.contains(.critical) { priority = .standard }
    if let overload = self.limiters[kind]?.overload(for: priority) {
      throw self.refusal(overload, kind, fields)
    }
    return HTTPAdmission(caller: caller.name, priority: priority, fields: fields)
  }

  /// Those who can't say who they are have a rate limit too: guessing shall take long.
  private func caller(of head: CallHead, _ kind: CallClass) throws(Refusal) -> Caller {
    do throws(Refusal) {
      let caller = try self.credentials.caller(of: head.request)
      guard caller.scopes.contains(kind.scope) else { throw .missingScope(kind.scope) }
      return caller
    } catch {
      if error.error.code == .unauthenticated {
        _ = try self.takeToken(of: Caller(address: head.request.peer), kind)
      }
      self.rejections.count(.auth)
      throw error
    }
  }

  private func takeToken(of caller: Caller, _ kind: CallClass) throws(Refusal) -> HeaderFields {
    guard let policy = (caller.rates ?? self.rates)?[kind] else { return [:] }
    let level = self.rateLimiter.take(caller, kind, policy)
    guard level.allows else {
      self.rejections.count(.rate)
      throw level.refusal(caller, kind, policy)
    }
    return level.fields(kind, policy)
  }

  private func enter(_ call: ArrivedCall) async throws -> (any CallCounter)? {
    let kind = CallClass(call.head)
    guard !call.head.isStream else { return try self.enterStream(call, kind) }
    guard !Self.isOpen(call.head), let limiter = self.limiters[kind] else { return nil }
    do {
      try await limiter.enter(call.admission.priority, until: call.deadline)
    } catch let overload as Overload {
      throw self.refusal(overload, kind, [:])
    }
    return limiter
  }

  private func enterStream(
    _ call: ArrivedCall,
    _ kind: CallClass
  ) throws(Refusal) -> OpenStreams {
    do throws(Overload) { try self.streams.enter(call.admission.priority) } catch {
      throw self.refusal(error, kind, [:])
    }
    return self.streams
  }

  /// Takes what one call costs beyond the first out of its caller's bucket, which may owe it then.
  private func charge(_ head: CallHead, _ more: Int) -> HeaderFields {
    let kind = CallClass(head)
    guard let caller = try? self.credentials.caller(of: head.request),
      let policy = (caller.rates ?? self.rates)?[kind]
    else { return [:] }
    return self.rateLimiter.charge(caller, kind, policy, more).fields(kind, policy)
  }

  /// What is for operators is for whoever may call, where callers have to say who they are.
  private func inspect(_ request: HTTPRequest) throws(Refusal) {
    do throws(Refusal) {
      let caller = try self.credentials.caller(of: request)
      guard caller.scopes.contains(.read) else { throw .missingScope(.read) }
    } catch {
      let stranger = Caller(address: request.peer)
      if error.error.code == .unauthenticated { _ = try self.takeToken(of: stranger, .read) }
      var refusal = error
      refusal.caller = stranger.name
      throw refusal
    }
  }

  private func refusal(
    _ overload: Overload,
    _ kind: CallClass,
    _ fields: HeaderFields
  ) -> Refusal {
    self.rejections.count(overload.reason == .limit ? .limit : .deadline)
    var refusal = overload.refusal(kind)
    refusal.fields = fields
    return refusal
  }

  private func once(
    _ call: ArrivedCall,
    _ work: @Sendable () async throws -> [UInt8]
  ) async throws -> (body: [UInt8], isReplay: Bool) {
    guard call.head.mayChange, let key = call.head.request.fields["idempotency-key"] else {
      return (try await work(), false)
    }
    return try await self.replays.once(call, key: key, work)
  }
}
