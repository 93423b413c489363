import Contracts
import RPC
import SwiftProtobuf
import Synchronization

extension ToyServices {
  /// Batches that have ended as soon as they are asked about.
  ///
  /// What is described as "unheard" gets an emotion that no model knows; what is described as "paid"
  /// needs credit.
  func registerBatches(on server: inout RPCServer) {
    server.register(EmotionMethods.submitAnnotationBatch) { request, _ in
      guard !request.estimateOnly else {
        return .with { $0.estimate = .with { $0.provider = "toy" } }
      }
      self.state.withLock { state in
        for title in request.titles { state.submitted[title.id] = title }
      }
      return .with {
        $0.batch = .with {
          $0.provider = "toy"
          $0.id = "batch-\(request.key)"
          $0.key = request.key
        }
      }
    }
    server.register(EmotionMethods.collectAnnotationBatch) { request, _ in
      let (titles, isOutOfCredit) = self.state.withLock { ($0.submitted, $0.isOutOfCredit) }
      return .with {
        $0.annotations = request.titleIds.map { id -> Netflixgpt_Emotion_V1_TitleAnnotation in
          let text = titles[id]?.description_p ?? ""
          return .with { annotation in
            annotation.id = id
            if isOutOfCredit, text.contains("paid") {
              annotation.failure = .with {
                $0.code = Code.failedPrecondition.name
                $0.message = "no credit"
                $0.reason = "OUT_OF_CREDIT"
              }
            } else if text.contains("unheard") {
              annotation.emotions = [
                .with {
                  $0.name = "xyzzy"
                  $0.intensity = 1
                }
              ]
            } else {
              annotation.emotions = Self.emotions(in: text)
            }
          }
        }
      }
    }
  }
}
