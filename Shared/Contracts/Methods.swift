package import RPC
import SwiftProtobuf

/// The methods of `netflixgpt.emotion.v1.EmotionService`.
package enum EmotionMethods {
  package static let service = "netflixgpt.emotion.v1.EmotionService"
  package static let extractEmotions = Method<
    Netflixgpt_Emotion_V1_ExtractEmotionsRequest, Netflixgpt_Emotion_V1_ExtractEmotionsResponse
  >(service, "ExtractEmotions", .noSideEffects)
  package static let annotateTitles = Method<
    Netflixgpt_Emotion_V1_AnnotateTitlesRequest, Netflixgpt_Emotion_V1_AnnotateTitlesResponse
  >(service, "AnnotateTitles", .idempotent)
  package static let submitAnnotationBatch = Method<
    Netflixgpt_Emotion_V1_SubmitAnnotationBatchRequest,
    Netflixgpt_Emotion_V1_SubmitAnnotationBatchResponse
  >(service, "SubmitAnnotationBatch", .unknown)
  package static let collectAnnotationBatch = Method<
    Netflixgpt_Emotion_V1_CollectAnnotationBatchRequest,
    Netflixgpt_Emotion_V1_CollectAnnotationBatchResponse
  >(service, "CollectAnnotationBatch", .noSideEffects)
}

/// The methods of `netflixgpt.embedding.v1.EmbeddingService`.
package enum EmbeddingMethods {
  package static let service = "netflixgpt.embedding.v1.EmbeddingService"
  package static let embed = Method<
    Netflixgpt_Embedding_V1_EmbedRequest, Netflixgpt_Embedding_V1_EmbedResponse
  >(service, "Embed", .noSideEffects)
  package static let getEmbeddingSpace = Method<
    Netflixgpt_Embedding_V1_GetEmbeddingSpaceRequest,
    Netflixgpt_Embedding_V1_GetEmbeddingSpaceResponse
  >(service, "GetEmbeddingSpace", .noSideEffects)
}

/// The methods of `netflixgpt.recommendation.v1.RecommendationService`.
package enum RecommendationMethods {
  package static let service = "netflixgpt.recommendation.v1.RecommendationService"
  package static let recommend = Method<
    Netflixgpt_Recommendation_V1_RecommendRequest, Netflixgpt_Recommendation_V1_RecommendResponse
  >(service, "Recommend", .noSideEffects)
  package static let batchRecommend = Method<
    Netflixgpt_Recommendation_V1_BatchRecommendRequest,
    Netflixgpt_Recommendation_V1_BatchRecommendResponse
  >(service, "BatchRecommend", .noSideEffects)
  package static let similarTitles = Method<
    Netflixgpt_Recommendation_V1_SimilarTitlesRequest,
    Netflixgpt_Recommendation_V1_SimilarTitlesResponse
  >(service, "SimilarTitles", .noSideEffects)
  package static let getTitle = Method<
    Netflixgpt_Recommendation_V1_GetTitleRequest, Netflixgpt_Recommendation_V1_GetTitleResponse
  >(service, "GetTitle", .noSideEffects)
}

/// The methods of `netflixgpt.catalog.v1.CatalogService`.
package enum CatalogMethods {
  package static let service = "netflixgpt.catalog.v1.CatalogService"
  package static let getCatalogStatus = Method<
    Netflixgpt_Catalog_V1_GetCatalogStatusRequest, Netflixgpt_Catalog_V1_GetCatalogStatusResponse
  >(service, "GetCatalogStatus", .noSideEffects)
  package static let upsertTitles = Method<
    Netflixgpt_Catalog_V1_UpsertTitlesRequest, Netflixgpt_Catalog_V1_UpsertTitlesResponse
  >(service, "UpsertTitles", .idempotent)
  package static let deleteTitles = Method<
    Netflixgpt_Catalog_V1_DeleteTitlesRequest, Netflixgpt_Catalog_V1_DeleteTitlesResponse
  >(service, "DeleteTitles", .idempotent)
}

/// The descriptors of every message and service, as a serialised `FileDescriptorSet`.
package enum Schema {
  package static let fileDescriptorSet: [UInt8] = PackageResources.schema_binpb
}
