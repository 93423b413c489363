extension EmotionModel {
  /// Tells what a title makes its watcher feel, and its plot in emoji.
  ///
  /// - Returns: 8 emotions, strongest first, and 3...8 emojis; the same for the same title.
  package func tags(title: String, description: String, genres: [String]) -> TitleTags {
    let plot = description.isEmpty ? title : description
    let words = self.tokenizer.splitter.words(of: plot.unicodeScalars)
    let tokens = self.tokenizer.tokens(of: words)
    let vector = self.embeddings.direction(of: words)
    let titleWords = self.tokenizer.splitter.words(of: title.unicodeScalars)
    let scores = self.titles.tags(
      genres: self.titles.genres(named: genres, plot: vector),
      plot: vector,
      feelings: tokens.isEmpty ? [] : self.network(tokens).families,
      words: titleWords + ["."] + words
    )
    let chosen = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
      .prefix(Self.maxEmotions)
    return TitleTags(
      emotions: chosen.map { place in
        let likelihood = Double(sigmoid(scores[place]))
        return EmotionScore(
          name: self.titles.tags.tags[place].name,
          intensity: max(0.01, likelihood)
        )
      },
      emojis: self.emojis(
        words: titleWords + words,
        genres: genres,
        families: chosen.map { self.titles.tags.tags[$0].family }
      )
    )
  }

  private func emojis(words: [String], genres: [String], families: [Int]) -> [String] {
    let things = self.titles.emoji.things(in: words)
    let feelings = families.compactMap { self.titles.emoji.feelings[self.families.names[$0]] }
    let kinds = genres.compactMap { self.titles.genres[$0.lowercased()]?.emoji }
      .filter { !$0.isEmpty }
    var found: [String] = []
    let wanted = things.prefix(3) + feelings.prefix(2) + kinds.prefix(2) + feelings.dropFirst(2)
    for emoji in wanted where !found.contains(emoji) && found.count < PlotEmoji.usual {
      found.append(emoji)
    }
    found += PlotEmoji.ofAnyPlot.filter { !found.contains($0) }.prefix(max(0, 3 - found.count))
    return found
  }
}
