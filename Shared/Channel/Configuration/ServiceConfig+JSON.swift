import RPC

extension ServiceConfig {
  /// Reads gRPC's JSON; what gRPC does not know stands under "netflixgpt".
  ///
  /// - Throws: Every problem at once, each with the path of its member.
  package init(json text: [UInt8]) throws(ConfigProblems) {
    let value: ParsedJSON
    do throws(ParsedJSON.Malformed) {
      value = try ParsedJSON(text)
    } catch {
      throw ConfigProblems(problems: ["not JSON at byte \(error.offset): \(error.description)"])
    }
    let problems = ProblemList()
    self.init(ConfigObject(value, path: "", problems: problems))
    guard problems.problems.isEmpty else { throw ConfigProblems(problems: problems.problems) }
  }

  private init(_ object: ConfigObject) {
    self.init()
    object.allow(
      "methodConfig",
      "retryThrottling",
      "loadBalancingConfig",
      "healthCheckConfig",
      "netflixgpt"
    )
    for entry in object.objects("methodConfig") { self.add(entry) }
    if let entry = object.object("retryThrottling") {
      entry.allow("maxTokens", "tokenRatio")
      entry.number("maxTokens", 1...1000, into: &self.throttling.maxTokens)
      entry.number("tokenRatio", 0.001...1000, into: &self.throttling.tokenRatio)
    }
    self.readBalancing(object)
    if let entry = object.object("healthCheckConfig") {
      entry.allow("serviceName")
      self.health = HealthCheckConfig(serviceName: entry.text("serviceName") ?? "")
    }
    if let entry = object.object("netflixgpt") { self.readExtensions(entry) }
  }

  private mutating func add(_ entry: ConfigObject) {
    let config = MethodConfig(entry)
    let names = entry.objects("name")
    if names.isEmpty { entry.note("name", "must name at least one service") }
    for name in names {
      name.allow("service", "method")
      let service = name.text("service") ?? ""
      let method = name.text("method").flatMap { $0.isEmpty ? nil : $0 }
      guard !service.isEmpty else {
        if method != nil { name.note("service", "must be there when a method is named") }
        self.fallback = config
        continue
      }
      let key = MethodName(service: service, method: method)
      if self.methods.updateValue(config, forKey: key) != nil {
        name.problems.add(name.path, "is named by an earlier entry already")
      }
    }
  }

  /// The first policy that is known counts, as in gRPC.
  private mutating func readBalancing(_ object: ConfigObject) {
    let entries = object.objects("loadBalancingConfig")
    for entry in entries {
      if entry.has("pick_first") {
        self.balancing = .pickFirst
      } else if entry.has("round_robin") {
        self.balancing = .roundRobin
      } else if let policy = entry.object("least_request") {
        policy.allow("choiceCount")
        var count = 2
        policy.integer("choiceCount", 2...10, into: &count)
        self.balancing = .leastRequest(choiceCount: count)
      } else if entry.has("p2c_ewma") {
        self.balancing = .p2cEWMA
      } else {
        continue
      }
      return
    }
    if !entries.isEmpty {
      object.note(
        "loadBalancingConfig",
        "must have one of pick_first, round_robin, least_request, p2c_ewma"
      )
    }
  }

  private mutating func readExtensions(_ object: ConfigObject) {
    object.allow("outlierDetection", "retryBudget", "resolveInterval", "healthCheckInterval")
    object.duration("resolveInterval", min: .milliseconds(100), into: &self.resolveInterval)
    if object.has("healthCheckInterval") {
      if self.health == nil { object.note("healthCheckInterval", "needs a healthCheckConfig") }
      var interval = HealthCheckConfig().interval
      object.duration("healthCheckInterval", min: .milliseconds(100), into: &interval)
      self.health?.interval = interval
    }
    if let entry = object.object("retryBudget") {
      entry.allow("ratio", "reserve")
      entry.number("ratio", 0...1, into: &self.budget.ratio)
      entry.number("reserve", 0...1000, into: &self.budget.reserve)
    }
    if let entry = object.object("outlierDetection") { self.outliers.read(entry) }
  }
}

extension OutlierDetection {
  fileprivate mutating func read(_ entry: ConfigObject) {
    entry.allow(
      "consecutiveFailures",
      "minSuccessPercent",
      "minCalls",
      "interval",
      "baseEjectionTime",
      "maxEjectionTime",
      "probeInterval",
      "maxEjectionPercent"
    )
    entry.integer("consecutiveFailures", 1...1000, into: &self.consecutiveFailures)
    entry.number("minSuccessPercent", 0...100, into: &self.minSuccessPercent)
    entry.integer("minCalls", 1...1_000_000, into: &self.minCalls)
    entry.duration("interval", min: .milliseconds(100), into: &self.interval)
    entry.duration("baseEjectionTime", min: .milliseconds(1), into: &self.baseEjection)
    entry.duration("maxEjectionTime", min: .milliseconds(1), into: &self.maxEjection)
    entry.duration("probeInterval", min: .milliseconds(1), into: &self.probeInterval)
    entry.number("maxEjectionPercent", 0...100, into: &self.maxEjectedPercent)
  }
}
