/// The messages as Swift's own coding writes them.
struct Question: Codable {
  var mood: String
}

struct Answer: Codable {
  struct Emotion: Codable {
    var name: String
    var intensity: Double
  }

  struct Usage: Codable {
    var stage: String
    var provider: String
    var model: String
    var inputTokens: Int
    var outputTokens: Int
    var cached: Bool
  }

  var emotions: [Emotion]
  var language: String
  var confidence: Double
  var usage: Usage
}
