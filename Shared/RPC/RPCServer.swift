package import HTTPMessage
package import Telemetry
import SwiftProtobuf

/// Answers Connect's unary and server-streaming calls, and the pages that every service has.
///
/// Methods and pages are registered first; then `handle` is given to a server as its handler, or to
/// a client as its transport.
///
/// Source: https://connectrpc.com/docs/protocol
package struct RPCServer: Sendable {
  /// The `Cache-Control` of a message that its caller may keep, and must ask about each time.
  package static let revalidated = "private, no-cache"

  let limits: RPCLimits
  let health: Health
  let observe: @Sendable (CallRecord) -> Void
  let tracer: Tracer?
  let metrics = ServerMetrics()
  let shapes: MessageShapes
  /// Who may call, and when; everyone at once where there is none.
  package var hooks: AdmissionHooks?
  /// By path.
  private var targets: [String: Target] = [:]

  /// A server with the health check and the pages `/livez`, `/readyz`, `/startupz` and
  /// `/schema.binpb`.
  ///
  /// - Parameters:
  ///   - schema: A serialised `FileDescriptorSet` with every message that is registered.
  ///   - limits: What callers may ask for.
  ///   - health: What the health check and the pages tell.
  ///   - tracer: Gets a span for each call; without one, traces are passed on only.
  ///   - observe: Called with each request once its response is ready, or a streamed one has ended.
  package init(
    schema: [UInt8],
    limits: RPCLimits = RPCLimits(),
    health: Health,
    tracer: Tracer? = nil,
    observe: @escaping @Sendable (CallRecord) -> Void = { _ in }
  ) {
    self.limits = limits
    self.health = health
    self.tracer = tracer
    self.observe = { [metrics = self.metrics] record in
      metrics.ended(record)
      observe(record)
    }
    self.shapes = MessageShapes(schema: schema)
    self.registerHealth()
    self.route("/schema.binpb") { _ in
      HTTPResponse(status: 200, fields: ["content-type": "application/x-protobuf"], body: schema)
    }
  }

  /// Answers a method with `handler`.
  ///
  /// - Parameters:
  ///   - method: Its path must not be registered yet, or its handler is replaced.
  ///   - timeout: For calls that name no time limit; the limits' default when `nil`.
  ///   - cacheControl: Of messages that are got by GET.
  ///   - cost: As how many calls one counts where a caller's calls are counted, 1 or more; each is
  ///     one where `nil`.
  ///   - handler: Throws an `RPCError` for its caller to read. Any other error becomes an
  ///     `internal` that says nothing of it.
  package mutating func register<Request, Response>(
    _ method: Method<Request, Response>,
    timeout: Duration? = nil,
    cacheControl: String = Self.revalidated,
    cost: (@Sendable (Request) -> Int)? = nil,
    handler: @escaping @Sendable (Request, ServerContext) async throws -> Response
  ) {
    let shapes = self.shapes
    let hasParts = cost != nil
    self.register(
      method,
      timeout: timeout,
      cacheControl: cacheControl,
      hasParts: hasParts
    ) { payload, context in
      let request = try await payload.decoded(Request.self, by: shapes)
      if let cost = cost?(request), cost > 1 { context.charge?(cost - 1) }
      return try payload.codec.encode(try await handler(request, context))
    }
  }

  mutating func register<Request, Response>(
    _ method: Method<Request, Response>,
    timeout: Duration?,
    cacheControl: String,
    hasParts: Bool = false,
    answer: @escaping Endpoint.Answer
  ) {
    let endpoint = Endpoint(
      path: method.path,
      allowsGet: method.idempotency == .noSideEffects,
      timeout: timeout ?? self.limits.defaultTimeout,
      cacheControl: cacheControl,
      hasParts: hasParts,
      answer: answer
    )
    self.health.addService(method.service)
    self.targets[method.path] = .method(endpoint)
  }

  mutating func add(_ endpoint: StreamEndpoint, of service: String) {
    self.health.addService(service)
    self.targets[endpoint.path] = .stream(endpoint)
  }

  /// Answers GET and HEAD of a path with a page.
  ///
  /// - Parameters:
  ///   - path: As in "/metrics".
  ///   - isForOperators: Whether those alone see it who may see what is for operators.
  ///   - handler: May throw as a method's does.
  package mutating func route(
    _ path: String,
    isForOperators: Bool = false,
    handler: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
  ) {
    let page = Page(path: path, isForOperators: isForOperators) { request, _ in
      try await handler(request)
    }
    self.add(page)
  }

  mutating func add(_ page: Page) { self.targets[page.path] = .page(page) }

  /// The paths of the methods registered so far, in their order.
  package var methodPaths: [String] {
    self.targets.values.compactMap { target in
      switch target {
      case .method(let endpoint): endpoint.path
      case .stream(let endpoint): endpoint.path
      case .page: nil
      }
    }
    .sorted()
  }

  /// The paths of the pages there are so far, in their order.
  package var pagePaths: [String] {
    self.targets.values.compactMap { if case .page(let page) = $0 { page.path } else { nil } }
      .sorted()
  }

  func target(of request: HTTPRequest) -> Target? {
    // A dictionary's key must be a `String`: without a query, the target is one already.
    let path = request.path
    return self.targets[
      path.utf8.count == request.target.utf8.count ? request.target : String(path)
    ]
  }
}

/// What stands behind a path.
enum Target: Sendable {
  case method(Endpoint)
  case stream(StreamEndpoint)
  case page(Page)
}

/// A registered page.
struct Page: Sendable {
  /// Asks whether who wants to see the page may see what is for operators.
  typealias Access = @Sendable () -> Bool

  let path: String
  /// Whether those alone see it who may see what is for operators.
  let isForOperators: Bool
  let answer: @Sendable (HTTPRequest, Access) async throws -> HTTPResponse
}

/// A registered method, without its types.
struct Endpoint: Sendable {
  typealias Answer = @Sendable (Payload, ServerContext) async throws -> [UInt8]

  let path: String
  let allowsGet: Bool
  /// For calls that name no time limit.
  let timeout: Duration
  /// Of messages that are got by GET.
  let cacheControl: String
  /// Whether one call may count as several.
  let hasParts: Bool
  let answer: Answer
}
