import Safety
import Testing

@Suite struct CrisisPhrasesTests {
  private let phrases: CrisisPhrases

  init() throws { self.phrases = try CrisisPhrases.shipped() }

  @Test(arguments: [
    "I want to die", "i wanna   DIE.", "I don’t want to live anymore",
    "thinking about ending it all",
    "everyone would be better off without me", "i keep cutting myself", "k i l l myself",
    "quiero morir", "No quiero vivir más", "ich will nicht mehr leben", "je veux mourir",
    "Je ne veux plus vivre", "voglio morire", "não quero mais viver", "死にたい", "我不想活了",
    "хочу умереть", "chcę umrzeć", "yaşamak istemiyorum", "Ich sehe keinen Sinn im Leben", "죽고 싶다",
    "𝐈 𝐖𝐀𝐍𝐓 𝐓𝐎 𝐊𝐈𝐋𝐋 𝐌𝐘𝐒𝐄𝐋𝐅",
  ])
  func `a wish to die is a crisis in any of its languages`(text: String) {
    #expect(self.phrases.level(of: text) == .crisis)
  }

  @Test(arguments: [
    "this exam is killing me", "I died laughing", "my phone died and I could kill my boss",
    "that dress is to die for", "bored to death", "I'm dead tired", "want to watch Suicide Squad",
    "me muero de hambre", "je suis mort de rire", "ich lach mich tot", "sto morendo di sonno",
    "morrendo de rir", "笑死我了",
    "笑い死にしそう", "배고파 죽겠다", "보고 싶어 죽겠어", "", "😭💔", "I don't want to live in this city anymore",
  ])
  func `a figure of speech is none`(text: String) {
    #expect(self.phrases.level(of: text) == SafetyLevel.none)
  }

  @Test(arguments: [
    "I don't want to die", "I would never kill myself", "my uncle killed himself last year",
    "this homework makes me want to die lol", "je ne veux pas mourir", "I just want to disappear",
  ])
  func `a denial, laughter or another's death is a concern and no more`(text: String) {
    #expect(self.phrases.level(of: text) == .concern)
  }

  @Test(arguments: [
    "crisis en", "panic en die", "none en die", "crisis en * die", "crisis en ~",
    "crisis de im leben", "mask en Die",
  ])
  func `a line that is no rule is refused by its number`(line: String) {
    let error = #expect(throws: CrisisPhrases.InvalidList.self) {
      try CrisisPhrases("# list\n\(line)")
    }
    #expect(error?.description.contains("line 2") == true)
  }

  @Test func `a text of 2,000 characters without spaces is read`() {
    #expect(self.phrases.level(of: String(repeating: "a", count: 2_000)) == SafetyLevel.none)
  }
}
