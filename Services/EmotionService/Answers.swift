import LocalModels
import Providers

/// What one provider answers to many texts, a few at a time, tried again as in service.
struct Answers: Sendable {
  private let chain: ProviderChain

  private static let atOnce = 4
  private static let timeout = Duration.seconds(120)
  private static let titlesAtOnce = 100

  init(of provider: any EmotionProvider) {
    self.chain = ProviderChain([provider])
  }

  /// - Returns: For each mood its emotions, strongest first; none where there was no answer.
  func emotions(inMoods moods: [String]) async -> [[EmotionScore]] {
    await withTaskGroup(of: (Int, [EmotionScore]).self) { group in
      var found = [[EmotionScore]](repeating: [], count: moods.count)
      for (index, mood) in moods.enumerated() {
        if index >= Self.atOnce, let (done, emotions) = await group.next() {
          found[done] = emotions
        }
        group.addTask { (index, await self.emotions(inMood: mood)) }
      }
      for await (done, emotions) in group { found[done] = emotions }
      return found
    }
  }

  private func emotions(inMood mood: String) async -> [EmotionScore] {
    do throws(ProviderError) {
      let answer = try await self.chain.emotions(inMood: mood, until: .now + Self.timeout)
      return answer.value.emotions.map { EmotionScore(name: $0.name, intensity: $0.intensity) }
    } catch {
      // The figures say how many were not answered.
      return []
    }
  }

  /// - Returns: For each title its emotions, strongest first; none where there was no answer.
  func emotions(ofTitles titles: [TaggedTitles.Title]) async -> [[String]] {
    var found: [[String]] = []
    for start in stride(from: 0, to: titles.count, by: Self.titlesAtOnce) {
      let part = titles[start..<min(start + Self.titlesAtOnce, titles.count)]
      let texts = part.enumerated().map { index, title in
        TitleText(
          id: "\(index)",
          name: title.name,
          description: title.description,
          genres: title.genres
        )
      }
      for outcome in await self.chain.annotations(of: texts, until: .now + Self.timeout) {
        found.append((try? outcome.get())?.value.emotions.map(\.name) ?? [])
      }
    }
    return found
  }
}
