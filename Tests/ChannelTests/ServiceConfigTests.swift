import Channel
import Foundation
import RPC
import Testing

@Suite struct `A service config` {
  private static func problems(_ json: String) -> [String] {
    do throws(ConfigProblems) {
      _ = try ServiceConfig(json: Array(json.utf8))
      return []
    } catch {
      return error.problems
    }
  }

  @Test func `is read as gRPC writes it`() throws {
    let json = """
      {"methodConfig": [
         {"name": [{"service": "a.S", "method": "M"}], "timeout": "1.5s", "waitForReady": true,
          "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s",
            "backoffMultiplier": 3, "retryableStatusCodes": ["UNAVAILABLE", "aborted", 8]}},
         {"name": [{"service": "a.S"}, {}],
          "hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "0.05s",
            "nonFatalStatusCodes": ["CANCELLED"]},
          "netflixgpt": {"hedgingPercentile": 99}}],
       "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.5},
       "loadBalancingConfig": [{"grpclb": {}}, {"least_request": {"choiceCount": 3}}],
       "healthCheckConfig": {"serviceName": "a.S"},
       "netflixgpt": {"resolveInterval": "2s", "healthCheckInterval": "1s",
         "retryBudget": {"ratio": 0.1, "reserve": 5},
         "outlierDetection": {"consecutiveFailures": 3, "minSuccessPercent": 80, "minCalls": 10,
           "interval": "20s", "baseEjectionTime": "5s", "maxEjectionTime": "60s",
           "probeInterval": "1s", "maxEjectionPercent": 30}}}
      """
    let config = try ServiceConfig(json: Array(json.utf8))
    let method = try #require(config.methods[.init(service: "a.S", method: "M")])
    #expect(method.timeout == .milliseconds(1500))
    #expect(method.waitsForReady)
    var retry = RetryPolicy()
    retry.maxAttempts = 4
    retry.initialBackoff = .milliseconds(100)
    retry.maxBackoff = .seconds(1)
    retry.backoffMultiplier = 3
    retry.retryableCodes = [.unavailable, .aborted, .resourceExhausted]
    #expect(method.repetition == .retry(retry))
    var hedging = HedgingPolicy(delay: .milliseconds(50))
    hedging.maxAttempts = 3
    hedging.nonFatalCodes = [.canceled]
    hedging.percentile = 99
    #expect(config.methods[.init(service: "a.S", method: nil)]?.repetition == .hedge(hedging))
    #expect(config.fallback.repetition == .hedge(hedging))
    #expect(config.throttling.maxTokens == 10)
    #expect(config.throttling.tokenRatio == 0.5)
    #expect(config.balancing == .leastRequest(choiceCount: 3))
    #expect(config.health?.serviceName == "a.S")
    #expect(config.health?.interval == .seconds(1))
    #expect(config.resolveInterval == .seconds(2))
    #expect(config.budget.ratio == 0.1)
    #expect(config.budget.reserve == 5)
    #expect(config.outliers.consecutiveFailures == 3)
    #expect(config.outliers.maxEjectedPercent == 30)
    #expect(config.outliers.baseEjection == .seconds(5))
  }

  @Test func `is what it is by default when empty`() throws {
    #expect(try ServiceConfig(json: Array("{}".utf8)) == ServiceConfig())
  }

  @Test func `repeats nothing where an entry has no policy`() throws {
    let json = #"{"methodConfig":[{"name":[{"service":"a.S"}],"timeout":"1s"}]}"#
    let config = try ServiceConfig(json: Array(json.utf8))
    #expect(
      config.methods[.init(service: "a.S", method: nil)]?.repetition == MethodConfig.Repetition.none
    )
  }

  @Test func `takes more than five attempts as five`() throws {
    let json = #"{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":9}}]}"#
    let config = try ServiceConfig(json: Array(json.utf8))
    guard case .retry(let policy) = config.fallback.repetition else {
      Issue.record("no retry policy")
      return
    }
    #expect(policy.maxAttempts == 5)
  }

  @Test func `tells all its problems at once, each by its path`() {
    let json = """
      {"methodConfig": [
         {"name": [{"service": "a.S"}], "timeout": 5,
          "retryPolicy": {"maxAttempts": 1, "initialBackoff": "soon", "retryableStatusCodes": []}},
         {"name": [{"service": "a.S"}, {"method": "M"}], "waitForReady": "yes",
          "hedgingPolicy": {"maxAttempts": 2, "nonFatalStatusCodes": ["OK"]}, "retryPolicy": {}}],
       "retryThrottling": {"maxTokens": 1001},
       "loadBalancingConfig": [{"ring_hash": {}}],
       "netflixgpt": {"resolveInterval": "0.05s", "resolveIntervall": "5s"},
       "methodconfig": []}
      """
    let problems = Self.problems(json)
    let paths = problems.map { String($0.prefix { $0 != ":" }) }
    #expect(
      Set(paths) == [
        "methodconfig", "methodConfig[0].timeout", "methodConfig[0].retryPolicy.maxAttempts",
        "methodConfig[0].retryPolicy.initialBackoff",
        "methodConfig[0].retryPolicy.retryableStatusCodes", "methodConfig[1].waitForReady",
        "methodConfig[1].hedgingPolicy", "methodConfig[1].name[0]",
        "methodConfig[1].name[1].service", "retryThrottling.maxTokens", "loadBalancingConfig",
        "netflixgpt.resolveInterval", "netflixgpt.resolveIntervall",
      ]
    )
    #expect(Set(paths).count == paths.count)
  }

  @Test(
    arguments: [
      (#"{"retryThrottling":{"maxTokens":0.9}}"#, false),
      (#"{"retryThrottling":{"maxTokens":1}}"#, true),
      (#"{"retryThrottling":{"maxTokens":1000}}"#, true),
      (#"{"loadBalancingConfig":[{"least_request":{"choiceCount":1}}]}"#, false),
      (#"{"loadBalancingConfig":[{"least_request":{"choiceCount":2}}]}"#, true),
      (#"{"loadBalancingConfig":[{"least_request":{"choiceCount":10}}]}"#, true),
      (#"{"loadBalancingConfig":[{"least_request":{"choiceCount":11}}]}"#, false),
      (#"{"netflixgpt":{"resolveInterval":"0.1s"}}"#, true),
      (#"{"netflixgpt":{"resolveInterval":"31536001s"}}"#, false),
      (#"{"netflixgpt":{"healthCheckInterval":"1s"}}"#, false),
      (#"{"methodConfig":[{"name":[]}]}"#, false),
      (#"{"methodConfig":[{"name":[{}],"hedgingPolicy":{}}]}"#, false),
      (#"{"methodConfig":[{"name":[{}],"netflixgpt":{"hedgingPercentile":95}}]}"#, false),
      (#"{"methodConfig":{}}"#, false), ("[]", false), ("", false), ("{\"a\":}", false),
    ]
  )
  func `has bounds`(json: String, isValid: Bool) {
    #expect(Self.problems(json).isEmpty == isValid)
  }

  @Test func `of the guide is valid, and but for its first entry what holds without one`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let guide = try String(
      contentsOf: root.appending(path: "Shared/Guides/operating.md"),
      encoding: .utf8
    )
    let block = try #require(guide.firstRange(of: "```json\n{\n  \"methodConfig\""))
    let json = guide[block.lowerBound...].dropFirst("```json\n".count)
    let end = try #require(json.firstRange(of: "\n```"))
    var config = try ServiceConfig(json: Array(json[..<end.lowerBound].utf8))
    #expect(config.methods.count == 1)
    config.methods = [:]
    #expect(config == ServiceConfig())
  }

  @Test func `says where it is no JSON`() {
    #expect(Self.problems(#"{"methodConfig":[}"#) == ["not JSON at byte 17: expected a value"])
  }
}
