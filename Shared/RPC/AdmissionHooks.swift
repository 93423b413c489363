package import HTTPMessage

/// A call as its header tells it.
package struct CallHead: Sendable {
  /// As in "/netflixgpt.catalog.v1.CatalogService/UpsertTitles".
  package let path: String
  /// Whether calling the method may change something.
  package let mayChange: Bool
  /// Whether the answer is a stream, which may stay open for as long as its caller likes.
  package let isStream: Bool
  /// Without its body, while that is not read.
  package let request: HTTPRequest

  init(_ endpoint: Endpoint, _ request: HTTPRequest) {
    self.path = endpoint.path
    self.mayChange = !endpoint.allowsGet
    self.isStream = false
    self.request = request
  }

  init(_ endpoint: StreamEndpoint, _ request: HTTPRequest) {
    self.path = endpoint.path
    self.mayChange = endpoint.mayChange
    self.isStream = true
    self.request = request
  }

  /// `nil` for a request of anything but a method.
  init?(_ target: Target?, _ request: HTTPRequest) {
    switch target {
    case .method(let endpoint): self.init(endpoint, request)
    case .stream(let endpoint): self.init(endpoint, request)
    case .page, nil: return nil
    }
  }
}

/// A call whose body is there, not decoded yet, before its turn has come.
package struct ArrivedCall: Sendable {
  package let head: CallHead
  package let admission: HTTPAdmission
  package let deadline: ContinuousClock.Instant
  package let codec: Codec
  /// The message, uncompressed.
  package let message: [UInt8]
  /// Its own, which begins when its turn has come.
  let turn: CallTurn
}

/// How a call ended, for whoever counts those at work.
package enum CallEnd: Sendable, Hashable {
  case answered
  /// Took until its time was over.
  case timedOut
  /// Failed or was cancelled, which says nothing of how long such calls take.
  case failed
}

/// What a server asks about its calls: whether to serve them, and when.
///
/// Pages are asked about where they show what is for operators.
package struct AdmissionHooks: Sendable {
  /// Judges a call by its header, before its body is read; throws a `Refusal`.
  ///
  /// Runs on the connection's event loop, so it must neither wait nor compute for long.
  package var admit: @Sendable (CallHead) throws -> HTTPAdmission
  /// Waits until the call may run, and gives who counts it, if somebody does; throws a `Refusal`
  /// where its turn comes too late or never.
  package var enter: @Sendable (ArrivedCall) async throws -> (any CallCounter)?
  /// Runs `work` unless an equal call gave a response already, which it returns as a replay.
  package var once:
    @Sendable (
      _ call: ArrivedCall,
      _ work: @Sendable () async throws -> [UInt8]
    ) async throws -> (body: [UInt8], isReplay: Bool)
  /// Counts a call that turned out to be worth several as so many more, and gives what its caller is
  /// to be told then.
  package var charge: @Sendable (_ head: CallHead, _ more: Int) -> HeaderFields
  /// Throws a `Refusal` unless who sent a request may see what is for operators.
  package var inspect: @Sendable (HTTPRequest) throws -> Void

  package init(
    admit: @escaping @Sendable (CallHead) throws -> HTTPAdmission,
    enter: @escaping @Sendable (ArrivedCall) async throws -> (any CallCounter)?,
    once:
      @escaping @Sendable (
        _ call: ArrivedCall,
        _ work: @Sendable () async throws -> [UInt8]
      ) async throws -> (body: [UInt8], isReplay: Bool),
    charge: @escaping @Sendable (_ head: CallHead, _ more: Int) -> HeaderFields,
    inspect: @escaping @Sendable (HTTPRequest) throws -> Void
  ) {
    self.admit = admit
    self.enter = enter
    self.once = once
    self.charge = charge
    self.inspect = inspect
  }
}
