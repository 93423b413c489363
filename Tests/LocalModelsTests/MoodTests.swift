import SeededRandom
import Testing

@testable import LocalModels

@Suite struct `A mood's reading` {
  private func families(_ mood: String, first count: Int = 3) throws -> [String] {
    let model = try Loaded.emotions
    return try Loaded.emotions.reading(of: mood).emotions.prefix(count)
      .compactMap { model.family(of: $0.name) }
  }

  @Test(arguments: [
    ("I feel so happy today", "joy"), ("my cat died", "grief"), ("I am furious", "anger"),
    ("I'm bored", "boredom"), ("so lonely tonight", "loneliness"), ("I am terrified", "fear"),
    ("exam tomorrow and I am nervous", "anxiety"), ("we laughed until we cried", "amusement"),
    ("I feel so proud of my daughter", "pride"), ("something romantic", "love"),
    ("an epic adventure", "adventure"), ("I miss the old days", "nostalgia"),
    ("thank you so much for everything", "gratitude"), ("so tired after work", "tiredness"),
  ])
  func `begins with the family it names`(mood: String, family: String) throws {
    #expect(try self.families(mood, first: 1) == [family])
  }

  @Test(arguments: [
    ("not happy at all", ["joy"]), ("I'm not happy", ["joy"]), ("I am not sad", ["sadness"]),
    ("never been less excited", ["excitement"]), ("I'm not scared anymore", ["fear"]),
    ("I don't feel bad today", ["sadness"]), ("no longer angry", ["anger"]),
    ("without hope", ["hope"]),
  ])
  func `leaves out what is denied`(mood: String, denied: [String]) throws {
    #expect(Set(try self.families(mood)).isDisjoint(with: denied))
  }

  @Test(arguments: [
    ("I couldn't be happier", "joy"), ("never been so happy", "joy"),
    ("I could not be more excited", "excitement"), ("over the moon", "joy"),
    ("I can't wait", "excitement"), ("I couldn't care less", "boredom"),
    ("it makes my blood boil", "anger"), ("weight off my shoulders", "relief"),
  ])
  func `knows idioms that deny in words only`(mood: String, family: String) throws {
    #expect(try self.families(mood, first: 1) == [family])
  }

  @Test(arguments: [
    ("😭", "sadness"), ("😂😂😂", "amusement"), ("😡", "anger"), ("👻", "fear"), ("❤️", "love"),
    ("🥳🎉", "excitement"), ("💔", "grief"), ("😴", "tiredness"), (":(", "sadness"), (":'(", "sadness"),
    ("<3", "love"), ("👍🏽", "approval"), ("👨‍👩‍👧", "belonging"),
  ])
  func `is found in signs alone`(mood: String, family: String) throws {
    let reading = try Loaded.emotions.reading(of: mood)
    #expect(try self.families(mood, first: 1) == [family])
    #expect(reading.language == "und")
    #expect(reading.confidence > 0.5)
  }

  @Test(arguments: [
    ("Ich bin heute sehr traurig", "de", "sadness"), ("ich habe Angst", "de", "fear"),
    ("estoy muy feliz", "es", "joy"), ("tengo mucho miedo", "es", "fear"),
    ("je suis en colère contre mon frère", "fr", "anger"), ("j'ai peur du noir", "fr", "fear"),
    ("sono felice", "it", "joy"), ("ho tanta paura", "it", "fear"),
    ("estou com muito medo", "pt", "fear"), ("que saudade de você", "pt", "nostalgia"),
    ("ik ben zo boos", "nl", "anger"), ("wat een droevige dag", "nl", "sadness"),
    ("jestem smutny, w domu nikogo", "pl", "sadness"), ("мне очень грустно", "ru", "sadness"),
    ("今日は悲しい", "ja", "sadness"), ("我很害怕", "zh", "fear"),
  ])
  func `is found in other languages`(mood: String, language: String, family: String) throws {
    let reading = try Loaded.emotions.reading(of: mood)
    #expect(reading.language == language)
    #expect(try self.families(mood, first: 1) == [family])
  }

  @Test(arguments: ["Ich bin nicht traurig", "no estoy triste", "je ne suis pas triste"])
  func `leaves out what is denied in other languages`(mood: String) throws {
    #expect(try !self.families(mood).contains("sadness"))
  }

  @Test(arguments: [
    "我不开心", "我今天一点也不开心", "我没有那么开心", "高兴不起来", "不是特别开心", "私は幸せじゃない",
    "幸せではありません", "楽しいことがない", "落ち着かない", "안 행복해", "나는 행복하지 않아요", "행복하지 못해",
    "화가 안 나", "Δεν είμαι χαρούμενος", "bugün hiç mutlu değilim ve ben", "я не щасливий сьогодні",
    "en ole iloinen", "nejsem šťastný",
  ])
  func `reads nothing into what is denied and no more`(mood: String) throws {
    let reading = try Loaded.emotions.reading(of: mood)
    #expect(reading.emotions.map(\.name) == ["neutral"] && reading.confidence == 0)
  }

  @Test(arguments: [
    ("特别开心", "joy"), ("从来没有这么开心", "joy"), ("不知道为什么很开心", "joy"), ("离别难过", "sadness"),
    ("不安で眠れない", "anxiety"), ("不安しかない", "anxiety"), ("幸せかもしれない", "joy"),
    ("好きだけど眠れない", "love"), ("疲れがとれない", "tiredness"), ("행복하지만 잠을 못 자", "joy"),
    ("너무 슬퍼 잠을 못 자", "sadness"), ("불안 행복", "joy"), ("είμαι χαρούμενος", "joy"),
    ("दोस्त ने मुझे खुश किया", "joy"),
  ])
  func `keeps what stands beside a denial of something else`(mood: String, family: String) throws {
    #expect(try self.families(mood, first: 1) == [family])
  }

  @Test(arguments: [
    "", " ", "...", "?!", "\u{0}", "\u{FFFD}", "1234", "ᚠᚢᚦᚨᚱᚲ", "ქართული", "asdf qwer zxcv",
    "\u{200D}",
  ])
  func `is unsure of what cannot be read`(mood: String) throws {
    let reading = try Loaded.emotions.reading(of: mood)
    #expect(reading.confidence < 0.3)
    #expect(reading.language == "und")
    #expect(!reading.emotions.isEmpty)
  }

  @Test(arguments: [
    "", "a", "\u{0}\u{0}", "😭", "🏳️‍🌈", "👩🏽‍🚀", "e\u{301}e\u{301}", "'", "''''", "n't", "'t", "can't've",
    "can't",
    "####", "##happy", "ﬁne ｆｉｎｅ", "İstanbul", "नमस्ते", "\u{202E}happy",
    String(repeating: "h", count: 61),
    String(repeating: "a'", count: 500), String(repeating: "\u{301}", count: 1_000),
    "happy\tsad\nangry\r\nscared", String(decoding: [0xFF, 0xFE, 0x68, 0x69, 0xC0], as: UTF8.self),
  ])
  func `always has one to eight emotions, strongest first`(mood: String) throws {
    check(try Loaded.emotions.reading(of: mood), model: try Loaded.emotions)
  }

  @Test(arguments: ["happy ", "😂", "x", "\u{0}", "not ", "é"])
  func `bears a megabyte of text`(part: String) throws {
    let mood = String(repeating: part, count: 1_000_000 / part.utf8.count)
    check(try Loaded.emotions.reading(of: mood), model: try Loaded.emotions)
    _ = try Loaded.embeddings.embedding(of: mood)
  }

  @Test func `bears any scalars`() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<300 {
      let scalars = (0..<Int.random(in: 0...60, using: &generator)).compactMap { _ in
        Unicode.Scalar(UInt32.random(in: 0...0x1_FFFF, using: &generator))
      }
      let mood = String(String.UnicodeScalarView(scalars))
      check(try Loaded.emotions.reading(of: mood), model: try Loaded.emotions)
    }
  }

  @Test func `is the same from many threads`() async throws {
    let model = try Loaded.emotions
    let moods = (0..<40).map { "mood \($0): happy and sad about the rain, not angry 😂" }
    let alone = moods.map { model.reading(of: $0).emotions }
    await withTaskGroup(of: [[EmotionScore]].self) { group in
      for _ in 0..<4 { group.addTask { moods.map { model.reading(of: $0).emotions } } }
      for await found in group { #expect(found == alone) }
    }
  }

  @Test func `does not depend on what was read before`() throws {
    let resource = try ModelResource.locate(override: nil)
    let fresh = try EmotionModel(resource).reading(of: "a quiet, wistful evening")
    #expect(try Loaded.emotions.reading(of: "a quiet, wistful evening").emotions == fresh.emotions)
  }

  @Test(arguments: [
    ("anxios", "anxiety"), ("so furios", "anger"), ("depresed", "sadness"),
    ("lonley", "loneliness"),
    ("happpyyy", "joy"), ("luv u", "love"), ("im furius", "anger"),
    ("so disgustd w myself", "disgust"),
    ("thx for everything", "gratitude"),
  ])
  func `forgives typing errors and slang`(mood: String, family: String) throws {
    #expect(try self.families(mood, first: 1) == [family])
  }

  @Test func `names families of single words`() throws {
    let model = try Loaded.emotions
    #expect(model.family(of: "heartbreak") == "grief")
    #expect(model.family(of: "Joy") == "joy")
    #expect(model.family(of: "neutral") == "neutral")
    #expect(model.family(of: "table") == nil)
  }
}

/// Expects what every reading promises.
private func check(_ reading: MoodReading, model: EmotionModel) {
  let emotions = reading.emotions
  #expect((1...8).contains(emotions.count))
  #expect(Set(emotions.map(\.name)).count == emotions.count)
  #expect(emotions.allSatisfy { (0.0...1.0).contains($0.intensity) })
  #expect(zip(emotions, emotions.dropFirst()).allSatisfy { $0.intensity >= $1.intensity })
  #expect((0.0...1.0).contains(reading.confidence))
  let families = Dictionary(grouping: emotions) { model.family(of: $0.name) }
  #expect(families[nil] == nil)
  #expect(families.values.allSatisfy { $0.count <= 2 })
}
