import Contracts
import RPC
import SwiftProtobuf
import Synchronization

/// Two services that answer by the wire's rules, with a tiny world of eight feelings.
///
/// A text's emotions are the feelings it names, in that order; its vector points to them.
final class ToyServices: Sendable {
  static let feelings = ["joy", "sadness", "hope", "fear", "calm", "anger", "love", "comfort"]

  struct State {
    var extractCalls = 0
    var embedCalls = 0
    var embeddedTexts: [String] = []
    var isEmotionDown = false
    var isEmbeddingDown = false
    var embedDelay = Duration.zero
    var space = "toy/8"
    var extractDelay = Duration.zero
    var isAnnotationDegraded = false
    /// Who answers.
    var provider = "toy"
    var safety = Netflixgpt_Answer_V1_SafetyLevel.unspecified
    /// Of moods that are read.
    var confidence = 0.9
    /// Titles handed over in batches, by id.
    var submitted: [String: Netflixgpt_Emotion_V1_TitleText] = [:]
    var isOutOfCredit = false
  }

  let state = Mutex(State())

  static func feelings(in text: String) -> [String] {
    text.lowercased().split { !$0.isLetter }.map(String.init).filter(Self.feelings.contains)
  }

  static func vector(of text: String) -> [Float]? {
    let named = Self.feelings(in: text)
    guard !named.isEmpty else { return nil }
    var vector = Self.feelings.map { feeling in Float(named.count { $0 == feeling }) }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for index in vector.indices { vector[index] /= length }
    return vector
  }

  /// A client of the toy emotion service.
  var emotionClient: RPCClient {
    get throws { try self.client { self.registerEmotion(on: &$0) } }
  }

  /// A client of the toy embedding service.
  var embeddingClient: RPCClient {
    get throws { try self.client { self.registerEmbedding(on: &$0) } }
  }

  private func client(_ register: (inout RPCServer) -> Void) throws -> RPCClient {
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      limits: RPCLimits(),
      health: Health(),
      observe: { _ in }
    )
    register(&server)
    let complete = server
    return try RPCClient(baseURL: "http://toy", send: { await complete.handle($0) })
  }

  private func registerEmotion(on server: inout RPCServer) {
    self.registerBatches(on: &server)
    server.register(EmotionMethods.extractEmotions) { request, _ in
      let state = self.state.withLock { state in
        state.extractCalls += 1
        return state
      }
      if state.isEmotionDown {
        throw RPCError(.unavailable, "down", details: [.errorInfo(reason: "DOWN")])
      }
      if state.extractDelay > .zero { try await Task.sleep(for: state.extractDelay) }
      return .with { answer in
        answer.emotions = Self.emotions(in: request.mood)
        answer.language = "en"
        answer.confidence = state.confidence
        answer.safety = state.safety
        answer.usage = .with { $0.provider = state.provider }
      }
    }
    server.register(EmotionMethods.annotateTitles) { request, _ in
      let isDegraded = self.state.withLock { $0.isAnnotationDegraded }
      return .with {
        $0.annotations = request.titles.map { title in
          .with { annotation in
            annotation.id = title.id
            let emotions = Self.emotions(in: title.description_p)
            if emotions.isEmpty {
              annotation.failure = .with { $0.message = "names no feeling" }
            } else {
              annotation.emotions = emotions
              annotation.emojis = ["🎬", "🙂", "🌧️"]
              annotation.usage = .with { $0.provider = "toy" }
              if isDegraded {
                annotation.degraded = [
                  .with {
                    $0.from = "better"
                    $0.to = "toy"
                    $0.reason = "RATE_LIMITED"
                  }
                ]
              }
            }
          }
        }
      }
    }
  }

  static func emotions(in text: String) -> [Netflixgpt_Answer_V1_Emotion] {
    Self.feelings(in: text).enumerated().map { rank, name in
      .with {
        $0.name = name
        $0.intensity = 1 - 0.1 * Double(rank)
      }
    }
  }

  private func registerEmbedding(on server: inout RPCServer) {
    server.register(EmbeddingMethods.embed) { request, _ in
      let state = self.state.withLock { state in
        state.embedCalls += 1
        state.embeddedTexts += request.texts
        return state
      }
      for (index, text) in request.texts.enumerated() where text.allSatisfy(\.isWhitespace) {
        throw RPCError.invalid(field: "texts[\(index)]", "must not be blank", reason: "REQUIRED")
      }
      if state.isEmbeddingDown { throw RPCError(.unavailable, "down") }
      if state.embedDelay > .zero { try await Task.sleep(for: state.embedDelay) }
      return .with { answer in
        answer.embeddings = request.texts.map { text in
          .with { embedding in
            guard let vector = Self.vector(of: text) else {
              embedding.unknown = true
              return
            }
            embedding.packed = .init(
              vector.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
            )
          }
        }
        answer.space = .with {
          $0.fingerprint = state.space
          $0.dimensions = 8
        }
        answer.usage = .with { $0.provider = state.provider }
      }
    }
    server.register(EmbeddingMethods.getEmbeddingSpace) { _, _ in
      let space = self.state.withLock { $0.space }
      return .with { $0.space = .with { $0.fingerprint = space } }
    }
  }
}
