import LocalModels
import Providers
import ServiceRuntime

/// What the embedding service can be configured with.
enum EmbeddingSettings {
  static let providers = Setting<[String]>.names(
    "EMBEDDING_PROVIDER",
    default: ["local"],
    of: EmbeddingVendor.all.map(\.name),
    "Who embeds; others behind the first stand in for it, if EMBEDDING_SPACE says they serve its model."
  )
  static let space = Setting<String?>.optional(
    "EMBEDDING_SPACE",
    "A name for the one model that all of EMBEDDING_PROVIDER serve, under whatever names."
  )
  static let modelFile = Setting<String?>.optional(
    "MODEL_FILE",
    "File of the local models, instead of the one beside the executable."
  )
  static let cacheEntries = Setting<Int>.integer(
    "CACHE_ENTRIES",
    default: 4096,
    in: 1...10_000_000,
    "Vectors that are kept."
  )

  static let budgets = BillingSettings.budgets(of: EmbeddingVendor.all.map(\.name))

  static let table =
    ([
      Self.providers.about, Self.space.about, Self.cacheEntries.about,
      VendorSettings.certificates.about, BillingSettings.prices.about,
      Self.budgets.about, BillingSettings.file.about,
    ] + EmbeddingVendor.all.flatMap(\.settings)).distinct

  /// The local model, of `MODEL_FILE` where that is set.
  static func model(_ values: SettingValues) throws(ConfigurationProblems) -> EmbeddingModel {
    let path = values[Self.modelFile]
    do throws(LocalModelError) {
      return try EmbeddingModel(try ModelResource.locate(override: path))
    } catch {
      let setting = path == nil ? "" : "\(Self.modelFile.about.key): "
      throw ConfigurationProblems(["\(setting)\(error)"])
    }
  }

  /// What calls cost and may cost.
  static func billing(_ values: SettingValues) throws(ConfigurationProblems) -> Billing {
    let prices = try BillingSettings.priceFile(values)
    do throws(Billing.Unusable) {
      return try Billing(
        priceFile: prices,
        limits: values[Self.budgets],
        budgetFile: values[BillingSettings.file]
      )
    } catch {
      throw ConfigurationProblems([error.description])
    }
  }
}
