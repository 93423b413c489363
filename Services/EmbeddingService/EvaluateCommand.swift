import ArgumentParser
import LocalModels
import Providers
import RPC
import ServiceRuntime

/// Measures the vectors of words for feelings.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the configured provider's vectors of words for feelings.",
    discussion: """
      Of each word of a pleasant or painful family the five nearest are looked at: how many are of \
      the opposite valence, how many of its own family. Pairs tell how alike the cosines are to \
      another model's.
      """
  )

  @Option(help: "word TAB word TAB cosine by another model.")
  var pairs: String?

  @OptionGroup var output: FigureOutput

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: Embeddings.self)
    let service = try wired(Embeddings.self, values)
    do {
      let resource = try ModelResource.locate(override: values[EmbeddingSettings.modelFile])
      let pairs = try self.pairs.map(labelledText(atPath:)) ?? ""
      let words = try FeltWords(resource, pairs: pairs)
      let vectors = try await Self.vectors(of: words.words, by: service.provider)
      await service.close()
      try self.output.show(words.judged(vectors))
    } catch let error as Evaluation.Malformed {
      await service.close()
      complain("evaluate: \(error)")
      throw ExitCode(65)
    } catch let error as ProviderError {
      await service.close()
      complain("evaluate: \(RPCError(error).message)")
      throw ExitCode(69)
    }
  }

  private static func vectors(
    of words: [String],
    by provider: any EmbeddingProvider
  ) async throws -> [String: [Float]] {
    let gate = ProviderGate(policy: RetryPolicy())
    let size = max(1, min(256, provider.maxBatch))
    var vectors: [String: [Float]] = [:]
    for start in stride(from: 0, to: words.count, by: size) {
      let part = Array(words[start..<min(start + size, words.count)])
      let answer = try await gate.call(until: .now + .seconds(120), maxWait: .seconds(60)) {
        deadline throws(ProviderError) in
        try await provider.embeddings(of: part, deadline: deadline)
      }
      for (word, vector) in zip(part, answer.vectors) { vectors[word] = vector }
    }
    return vectors
  }
}
