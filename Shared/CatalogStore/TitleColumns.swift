/// What filters and scores read of each title, one array for each property.
struct TitleColumns: Sendable {
  private(set) var ids: [String] = []
  private(set) var types: [TitleType] = []
  private(set) var genres: [[String]] = []
  private(set) var years: [Int?] = []
  private(set) var runtimes: [Int?] = []
  private(set) var ageRatings: [AgeRating?] = []
  /// IMDb's score, or TMDB's where there is none.
  private(set) var scores: [Double?] = []
  private(set) var hasContent: [Bool] = []
  /// Indices of words, the titles one after the other, each title's strongest first.
  private(set) var emotionWords: [Int32] = []
  /// 0...1, beside `emotionWords`.
  private(set) var emotionIntensities: [Double] = []
  /// Where each title's emotions start; one more than there are titles.
  private(set) var emotionOffsets: [Int] = [0]

  /// One title; its emotions are added before it by `appendEmotion`.
  struct Title {
    var id: String
    var type: TitleType
    var genres: [String]
    var year: Int?
    var runtime: Int?
    var ageRating: String?
    var imdbScore: Double?
    var tmdbScore: Double?
    var hasContent: Bool
  }

  mutating func append(_ title: Title) {
    self.ids.append(title.id)
    self.types.append(title.type)
    self.genres.append(title.genres)
    self.years.append(title.year)
    self.runtimes.append(title.runtime)
    self.ageRatings.append(title.ageRating.flatMap(AgeRating.init))
    self.scores.append(title.imdbScore ?? title.tmdbScore)
    self.hasContent.append(title.hasContent)
    self.emotionOffsets.append(self.emotionWords.count)
  }

  /// Adds an emotion to the title that is appended next.
  mutating func appendEmotion(word: Int32, intensity: Double) {
    self.emotionWords.append(word)
    self.emotionIntensities.append(intensity)
  }

  func emotionRange(of row: Int) -> Range<Int> {
    self.emotionOffsets[row]..<self.emotionOffsets[row + 1]
  }
}
