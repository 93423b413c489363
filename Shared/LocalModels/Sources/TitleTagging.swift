extension EmotionModel {
  /// Tells what a title makes its watcher feel, and its plot in emoji.
  ///
  /// - Returns: 8 emotions, strongest first, and 3...8 emojis; the same for the same title.
  package func tags(title: String, description: String, genres: [String]) -> TitleTags {
    let plot = description.isEmpty ? title : description
    let words = self.tokenizer.splitter.words(of: plot.unicodeScalars)
    let tokens = self.tokenizer.tokens(of: words)
    let vector = self.embeddings.direction(of: words)
    var scores = self.titles.prior(genres: genres, plot: vector, families: self.families)
    let seen = excess(
      self.network(tokens).families,
      over: self.titles.usualFamilies,
      limit: 4
    )
    for place in scores.indices where !tokens.isEmpty { scores[place] += 0.4 * seen[place] }
    var likeness: [Float] = []
    if let vector {
      let near = excess(
        self.nouns.centres.map { dot($0, vector) },
        over: self.titles.usualLikeness,
        limit: 3
      )
      for place in scores.indices { scores[place] += 0.4 * near[place] }
      likeness = excess(
        self.nouns.vectors.map { dot($0, vector) },
        over: self.titles.usualNouns,
        limit: 3
      )
    }
    if scores.allSatisfy({ $0 < 1e-3 }) { self.families.raise(&scores, to: fallback) }
    let chosen = self.nouns.nouns(
      scores: scores.map { $0 + 1e-4 },
      likeness: likeness,
      said: words,
      count: Self.maxEmotions,
      least: 0
    )
    return TitleTags(
      emotions: emotions(chosen, strongest: scores.max() ?? 0),
      emojis: self.emojis(title: title, words: words, genres: genres, chosen: chosen.map(\.noun))
    )
  }

  private func emojis(
    title: String,
    words: [String],
    genres: [String],
    chosen: [Families.Noun]
  ) -> [String] {
    let titleWords = self.tokenizer.splitter.words(of: title.unicodeScalars)
    let things = self.titles.emoji.things(in: titleWords + words)
    let feelings = chosen.compactMap { self.titles.emoji.feelings[self.families.names[$0.family]] }
    let kinds = genres.compactMap { self.titles.genres[$0.lowercased()]?.emoji }
      .filter { !$0.isEmpty }
    var found: [String] = []
    let wanted = things.prefix(3) + feelings.prefix(2) + kinds.prefix(2) + feelings.dropFirst(2)
    for emoji in wanted where !found.contains(emoji) && found.count < PlotEmoji.usual {
      found.append(emoji)
    }
    return found
  }
}

/// What a title of which nothing is known makes one feel.
private let fallback = ["curiosity", "excitement", "joy", "suspense"].map {
  NamedWeight(name: $0, weight: 0.1)
}
