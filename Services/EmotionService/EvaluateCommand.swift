import ArgumentParser
import LocalModels
import Providers
import ServiceRuntime

/// Measures who reads emotions on labelled files.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the local model, or another provider, on a labelled file of yours.",
    discussion: """
      Figures of one file can be compared between providers. On GoEmotions the local model is \
      judged by its 28 probabilities; another provider, and local where --by-words is given, by the \
      words of its answers: each counts for the label it is or its family is nearest to, from an \
      intensity of 0.5.
      """
  )

  @Option(help: "GoEmotions' form: text TAB label,numbers TAB id.")
  var goemotions: String?

  @Option(help: "A CSV with the columns title, description, genres, emotions, emojis.")
  var tags: String?

  @Option(help: "text TAB accepted,families TAB forbidden,families TAB group.")
  var moods: String?

  @Option(help: "Who is measured: local, or another that EMOTION_PROVIDERS names.")
  var provider = "local"

  @Option(help: "Take only this many rows, from the first on.")
  var rows: Int?

  @Flag(help: "Judge the local model on GoEmotions by the words of its answers, as others are.")
  var byWords = false

  @OptionGroup var output: FigureOutput

  func validate() throws {
    guard [self.goemotions, self.tags, self.moods].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("Give one of --goemotions, --tags and --moods.")
    }
    guard (self.rows ?? 1) >= 1 else { throw ValidationError("--rows must be at least 1.") }
  }

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: Emotions.self)
    let model: EmotionModel
    do {
      model = try EmotionSettings.model(values)
    } catch {
      complain("emotion-service: \(error)")
      throw ExitCode(78)
    }
    var service: Emotions?
    var reader: any EmotionProvider = LocalEmotionProvider(model)
    if self.provider != reader.name {
      let wired = try ServiceRuntime.wired(Emotions.self, values)
      guard let named = wired.providers.first(where: { $0.name == self.provider }) else {
        await wired.close()
        complain("evaluate: EMOTION_PROVIDERS does not name \(self.provider)")
        throw ExitCode(78)
      }
      service = wired
      reader = named
    }
    do {
      try await self.evaluate(Answers(of: reader), model)
    } catch let error as Evaluation.Malformed {
      await service?.close()
      complain("evaluate: \(error)")
      throw ExitCode(65)
    }
    await service?.close()
  }

  private func evaluate(_ answers: Answers, _ model: EmotionModel) async throws {
    if let path = self.goemotions {
      let comments = try LabelledComments(try labelledText(atPath: path), limit: self.rows)
      try requireRows(comments.texts, inFileAt: path)
      if self.provider == "local", !self.byWords {
        try self.output.show(comments.judged(model))
      } else {
        let found = await answers.emotions(inMoods: comments.texts)
        try self.output.show(comments.judged(found, model: model))
      }
    } else if let path = self.tags {
      let titles = try TaggedTitles(try labelledText(atPath: path), limit: self.rows)
      try requireRows(titles.titles, inFileAt: path)
      let found = await answers.emotions(ofTitles: titles.titles)
      try self.output.show(titles.judged(found))
    } else if let path = self.moods {
      let moods = try LabelledMoods(try labelledText(atPath: path), limit: self.rows)
      try requireRows(moods.texts, inFileAt: path)
      let found = await answers.emotions(inMoods: moods.texts)
      try self.output.show(moods.judged(found.map { $0.map(\.name) }, model: model))
    }
  }
}
