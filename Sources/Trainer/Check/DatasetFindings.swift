/// All rules, and the order in which their findings are shown.
enum DatasetFindings {
  /// Applies every rule; the most serious findings come first, and of equals those of an earlier rule.
  static func all(_ context: CheckContext) -> [DatasetCheck.Finding] {
    let found =
      ModelFindings.all(context)
      + ExposureFindings.all(context)
      + RegularizationFindings.all(context)
      + TriggerFindings.all(context)
      + CaptionFindings.all(context)
      + ContradictionFindings.all(context)
      + DuplicateFindings.all(context)
      + SizeFindings.all(context)
      + FramingFindings.all(context)
      + TagFindings.all(context)
      + BackgroundFindings.all(context)
      + ColourFindings.all(context)
      + CompositeFindings.all(context)
    return found.enumerated().sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(
      \.element)
  }
}

extension DatasetCheck.Finding {
  /// The names of all findings there are, for `--fail-on`.
  public static let names = [
    "unreadable-model", "unreadable-picture", "never-used", "unequal-exposure", "few-samples", "worn-pictures",
    "few-pictures", "long-gap", "split-steps", "unpaired-regularization", "starved-regularization",
    "class-mismatch", "no-regularization", "trigger-is-word", "shared-tokens", "triggers-not-checked",
    "no-trigger", "foreign-trigger", "missing-trigger", "missing-caption", "long-caption", "contradictory-caption",
    "duplicate", "near-duplicate", "tiny-picture", "no-bucket", "heavy-crop", "framing-tags-missing", "one-framing",
    "tags-of-one-character", "background-untagged", "background-tells-apart", "transparent-without-mask",
    "greyscale-untagged", "greyscale-tag-on-colour", "no-cut-outs",
  ]
}
