extension Finding {
  /// The names of all findings there are, for `--fail-on`.
  public static let names = [
    "different-architecture", "shape-mismatch", "no-common-layers", "needs-base", "cut-over-base", "unmatched-keys",
    "no-effect",
    "near-duplicate", "same-lineage", "shared-init", "reads-alike", "writes-alike", "reinforces", "cancels",
    "unequal-strength", "text-encoders", "sum-overdriven", "sum-cancels", "shared-trigger", "shared-tags",
    "unequal-exposure", "different-base", "derivative-base", "different-prediction", "different-recipe", "same-run",
  ]
}
