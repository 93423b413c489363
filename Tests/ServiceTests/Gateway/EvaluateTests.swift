import CatalogStore
import Synchronization
import Testing

@testable import RecommendationGateway

@Suite struct `An evaluation of titles` {
  @Test func `takes a genre, a word, its plural or what begins so for a fit`() throws {
    let queries = try MoodQueries("# no mood\na\ttopic\tcomedy\tcat,bak*\nb\tintent\tdrama,war\n")
    #expect(queries.queries.map(\.kind) == ["topic", "intent"])
    func title(_ name: String, _ description: String, _ genres: [String]) -> CatalogTitle {
      CatalogTitle(id: "1", name: name, type: .movie, description: description, genres: genres)
    }
    let topic = queries.queries[0]
    #expect(topic.fits(title("", "", ["comedy"])))
    #expect(topic.fits(title("Two Cats", "", [])))
    #expect(topic.fits(title("", "A bakery.", [])))
    #expect(!topic.fits(title("Catch", "about a category", ["drama"])))
    #expect(queries.queries[1].fits(title("", "", ["war"])))
  }

  @Test(arguments: ["mood", "mood\tkind", "\tkind\tdrama", "mood\tkind\t", "mood\tkind\t\t"])
  func `refuses a malformed line`(line: String) {
    #expect(throws: MoodQueries.Malformed.self) { try MoodQueries(line) }
  }

  @Test func `weighs the first places most`() {
    let all = [1.0, 1, 0, 0, 0]
    #expect(normalizedGain([1, 1, 0], of: all) == 1)
    #expect(normalizedGain([0, 0, 0], of: all) == 0)
    #expect(normalizedGain([], of: []) == 0)
    #expect(normalizedGain([1, 0, 1], of: all) < 1)
    #expect(normalizedGain([1, 0, 1], of: all) > normalizedGain([0, 1, 1], of: all))
    let figures = RankingFigures([([1, 1, 0, 1], all), ([0, 0, 0], all)])
    #expect(figures.precisionAt3 == 1.0 / 3)
  }

  @Test func `judges the answers and the seed's way by the same fits`() async throws {
    try await ToyGateway.with { gateway in
      let queries = try MoodQueries(
        "a sadness\tintent\tdrama\nfear and anger\tintent\thorror\ncalm\ttopic\t\tepsilon\n"
      )
      let snapshot = try await gateway.store.snapshot()
      let titles = try await gateway.store.titles(snapshot.ids)
      let evaluation = TitleEvaluation(queries, titles: titles)
      let answers = try await evaluation.answers(by: gateway.recommender, in: snapshot)
      #expect(answers.map(\.emotions) == [["sadness"], ["fear", "anger"], ["calm"]])
      #expect(answers.map { $0.titles[0].name }.suffix(2) == ["Gamma", "Epsilon"])
      let figures = evaluation.figures(answers)
      #expect(figures["topic"]?.ndcgAt10 == 1)
      #expect((0.5...1).contains(try #require(figures["intent"]).ndcgAt10))
      let seed = try await evaluation.seedMode(
        answers,
        embeddings: gateway.recommender.embeddings
      )
      #expect(seed["topic"]?.precisionAt3 == 1.0 / 3)
      #expect(
        answers[1].line.hasPrefix("fear and anger [fear, anger] -> Gamma (horror; fear anger)")
      )
    }
  }

  @Test func `without genres annotates and embeds the same titles anew`() async throws {
    try await ToyGateway.with { gateway in
      let snapshot = try await gateway.store.snapshot()
      let titles = try await gateway.store.titles(snapshot.ids)
      let catalog = try await GenrelessCatalog(of: titles, by: gateway.recommender)
      defer { catalog.remove() }
      let other = try await catalog.store.snapshot()
      #expect(other.ids == snapshot.ids)
      #expect(other.genres.isEmpty)
      let embedded = gateway.services.state.withLock { $0.embeddedTexts }
      #expect(embedded.contains("Gamma. . fear and anger"))
    }
  }

  @Test func `of comments finds those with the same labels`() async throws {
    let feelings = ["joy", "sadness", "fear", "anger"]
    // Each fourth comment tells no emotion and is no mood.
    let lines = (0..<80).flatMap { number in
      let feeling = number / 4 % 4
      let comment = "some \(feelings[feeling]) \(number)\t\(feeling)\tid\(number)"
      return number % 4 == 3 ? [comment, "joy, \(number)\t0,27\tneutral"] : [comment]
    }
    try await ToyGateway.with { gateway in
      let comments = try CommentRetrieval(lines.joined(separator: "\n"))
      let figures = try await comments.judged(
        emotions: gateway.recommender.emotions,
        embeddings: gateway.recommender.embeddings
      )
      #expect((figures.queries, figures.items) == (20, 60))
      #expect(figures.ndcgAt10 == 1)
      #expect(figures.lateInteractionNDCGAt10 == 1)
      #expect(figures.seedModeNDCGAt10 == 1)
      #expect(figures.chanceNDCGAt10 < 0.5)
    }
    #expect(throws: MoodQueries.Malformed.self) { try CommentRetrieval("no labels") }
    #expect(throws: MoodQueries.Malformed.self) { try CommentRetrieval("") }
    #expect(throws: MoodQueries.Malformed.self) { try CommentRetrieval("so so\t27\tid") }
  }
}
