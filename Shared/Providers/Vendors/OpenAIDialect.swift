/// Where a server that speaks OpenAI's chat API differs from OpenAI.
package struct OpenAIDialect: Sendable, Hashable {
  package var forms: [AnswerForm] = AnswerForm.allCases
  /// Behind the base URL.
  package var path = "/chat/completions"
  /// What the limit of the answer is called.
  package var maxTokensName = "max_tokens"
  /// Whether a tool may be marked as strict.
  package var hasStrictTools = true
  /// Whether `GET /models` tells what there is.
  package var listsModels = true
  /// Whether requests may be handed over as a batch.
  package var hasBatches = false
  /// Added to every request.
  package var extraMembers: [String: JSONValue] = [:]

  package init() {}

  private static func make(_ change: (inout OpenAIDialect) -> Void) -> OpenAIDialect {
    var dialect = OpenAIDialect()
    change(&dialect)
    return dialect
  }

  /// A mood is nobody's business but the person's: OpenAI shall not keep it.
  package static let openAI = make {
    $0.maxTokensName = "max_completion_tokens"
    $0.extraMembers = ["store": false]
    $0.hasBatches = true
  }

  /// Azure's v1 API, whose models are deployments.
  ///
  /// Source: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
  package static let azure = make {
    $0.maxTokensName = "max_completion_tokens"
    $0.listsModels = false
  }

  /// Azure's API before v1, where the base URL names the deployment.
  package static let azureClassic = make { $0.listsModels = false }

  /// Mistral has no names of its own.
  ///
  /// Source: https://docs.mistral.ai/api/#tag/chat
  package static let mistral = OpenAIDialect()

  /// Groq limits the whole answer, thoughts included.
  ///
  /// Source: https://console.groq.com/docs/structured-outputs
  package static let groq = make {
    $0.maxTokensName = "max_completion_tokens"
    $0.hasStrictTools = false
  }

  /// Without the demand OpenRouter would pick servers that ignore the schema.
  ///
  /// Source: https://openrouter.ai/docs/features/provider-routing
  package static let openRouter = make {
    $0.extraMembers = ["provider": ["require_parameters": true], "usage": ["include": true]]
  }

  /// A tool of vLLM is held to its schema without being marked.
  ///
  /// Source: https://docs.vllm.ai/en/latest/features/structured_outputs.html
  package static let vllm = make { $0.hasStrictTools = false }

  /// LM Studio takes no JSON mode and no forced tool.
  ///
  /// Source: https://lmstudio.ai/docs/app/api/structured-output
  package static let lmStudio = make { $0.forms = [.schema, .text] }
}
