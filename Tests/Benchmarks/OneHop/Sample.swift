/// What is asked, and what is answered at once.
package enum Sample {
  package static let service = "netflixgpt.emotion.v1.EmotionService"
  package static let method = "ExtractEmotions"
  package static let mood = "I got the job, and nobody is here to celebrate with me tonight"

  /// The answer as JSON, about 1 kB.
  package static let answer: String = {
    let names = [
      "pride", "loneliness", "joy", "longing", "relief", "melancholy", "gratitude", "restlessness",
      "hopefulness", "tenderness", "wistfulness", "anticipation", "contentment", "vulnerability",
      "nostalgia", "determination", "homesickness", "exhilaration",
    ]
    let emotions = names.enumerated().map { index, name in
      "{\"name\":\"\(name)\",\"intensity\":0.\(97 - 4 * index)}"
    }
    return """
      {"emotions":[\(emotions.joined(separator: ","))],"language":"en","confidence":0.83,\
      "usage":{"stage":"emotions","provider":"local","model":"affect-2026","inputTokens":17,\
      "outputTokens":42,"cached":false}}
      """
  }()
}
