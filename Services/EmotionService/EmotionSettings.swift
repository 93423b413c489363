import LocalModels
import Providers
import ServiceRuntime

/// What the emotion service can be configured with.
enum EmotionSettings {
  static let providers = Setting<[String]>.names(
    "EMOTION_PROVIDERS",
    default: ["local"],
    of: EmotionVendor.all.map(\.name),
    "Who reads emotions, best first; the next one answers where one fails."
  )
  static let promptsFile = Setting<String?>.optional(
    "PROMPTS_FILE",
    "File of what language models are told, instead of Shared/Providers/Resources/prompts.txt."
  )
  static let modelFile = Setting<String?>.optional(
    "MODEL_FILE",
    "File of the local models, instead of the one beside the executable."
  )
  static let cacheEntries = Setting<Int>.integer(
    "CACHE_ENTRIES",
    default: 10_000,
    in: 1...10_000_000,
    "Moods whose reading is kept."
  )
  static let cacheSeconds = Setting<Int>.integer(
    "CACHE_TTL_SECONDS",
    default: 3600,
    in: 1...604_800,
    "How long a reading may be reused."
  )

  static let budgets = BillingSettings.budgets(of: EmotionVendor.all.map(\.name))

  static let table =
    ([
      Self.providers.about, Self.promptsFile.about, Self.cacheEntries.about,
      Self.cacheSeconds.about, VendorSettings.certificates.about, BillingSettings.prices.about,
      Self.budgets.about, BillingSettings.file.about,
    ] + EmotionVendor.all.flatMap(\.settings)).distinct

  /// The prompts of `PROMPTS_FILE`, or those built in.
  static func prompts(_ values: SettingValues) throws(ConfigurationProblems) -> Prompts {
    guard let path = values[Self.promptsFile] else { return .builtIn }
    guard let content = bytes(ofFile: path), let text = String(validating: content, as: UTF8.self)
    else { throw ConfigurationProblems(["PROMPTS_FILE: \(path) can't be read as text"]) }
    do {
      return try Prompts(text)
    } catch {
      throw ConfigurationProblems(["PROMPTS_FILE: \(error)"])
    }
  }

  /// The local model, of `MODEL_FILE` where that is set.
  static func model(_ values: SettingValues) throws(ConfigurationProblems) -> EmotionModel {
    let path = values[Self.modelFile]
    do throws(LocalModelError) {
      return try EmotionModel(try ModelResource.locate(override: path))
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
