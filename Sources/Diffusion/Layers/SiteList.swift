/// The places of a model where adapters can act, in the order the model was made.
public final class SiteList {
  /// All of them.
  public private(set) var sites: [LayerSite] = []
  private var places: [NetworkPart: [String: Int]] = [:]

  /// An empty list.
  public init() {}

  func append(_ site: LayerSite) {
    places[site.part, default: [:]][site.name] = sites.count
    sites.append(site)
  }

  /// The site of a layer, if the model has it.
  public subscript(_ part: NetworkPart, _ name: String) -> LayerSite? {
    places[part]?[name].map { sites[$0] }
  }
}
