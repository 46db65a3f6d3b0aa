import BlendAnalysis
enum HTMLReport { static func render(_ report: BlendReport) -> String { "" } }
