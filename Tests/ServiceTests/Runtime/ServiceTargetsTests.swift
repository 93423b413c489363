import Channel
import ServiceRuntime
import Testing

@Suite struct `Where a service answers` {
  @Test(
    arguments: [
      ("http://127.0.0.1:8081", ["127.0.0.1:8081"]), ("http://emotion", ["emotion:80"]),
      ("emotion", ["emotion:9"]), ("emotion:8081", ["emotion:8081"]),
      ("http://[::1]:81", ["::1:81"]), ("[::1]", ["::1:9"]), ("[::1]:82", ["::1:82"]),
      ("http://a:1, b:2,c", ["a:1", "b:2", "c:9"]),
    ]
  )
  func `is one place or several`(text: String, places: [String]) throws {
    let targets = try #require(ServiceTargets(text, defaultPort: 9))
    #expect(targets.targets.map { "\($0.host):\($0.port)" } == places)
    #expect(targets.text == text)
  }

  @Test(
    arguments: [
      "", ",", "a,", "a,,b", "a b", "http://", "ftp://a", "a:0", "a:65536", "a:x", "http://u:p@a",
      "a/b", "a,a:9",
    ]
  )
  func `is nowhere where the text makes no sense`(text: String) {
    #expect(ServiceTargets(text, defaultPort: 9) == nil)
  }
}
