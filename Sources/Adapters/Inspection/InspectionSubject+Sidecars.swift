import SafeTensors

extension InspectionSubject {
  /// What is odd about the files beside the weights.
  var sidecarWarnings: [InspectionWarning] {
    record.sidecarProblems.map { .init(.sidecarUnreadable, $0) } + [sidecarBase, sidecarOfAnother].compactMap { $0 }
  }

  /// The files that notes come from, for a sentence.
  private var places: String { (record.notes?.files ?? []).joined(separator: " and ").shortened(to: 120) }

  private var sidecarBase: InspectionWarning? {
    guard let adapter, adapter.architecture != .unknown, let notes = record.notes, let family = notes.family,
      family != adapter.architecture
    else { return nil }
    return .init(
      .sidecarBase,
      "The notes beside the file (\(places)) say that it is for “\((notes.baseModel ?? "").shortened(to: 60))”, but the "
        + "layers are those of \(adapter.architecture.label); the layers are right.")
  }

  private var sidecarOfAnother: InspectionWarning? {
    guard let hashes, let stated = record.notes?.hashes, !stated.isEmpty,
      !stated.contains(where: { hashes.whole.matches($0) || hashes.tensors.matches($0) })
    else { return nil }
    return .init(
      .sidecarOfAnother,
      "The published page beside the file (\(places)) is of a file with other contents: none of its "
        + "\(stated.count.of("checksum")) is this file's, so its words and base model may be another version's.")
  }
}
