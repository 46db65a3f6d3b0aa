import SafeTensors

/// What a change of metadata did; printed by `--json`.
struct MetadataReport: Encodable {
  let schema = 1
  /// The file that was edited.
  var file: String
  /// The file that has the new metadata.
  var output: String
  /// How it was written: `nothing`, `header`, `copied`, `header-frame`, `packed`.
  var way: String
  /// The keys that are new.
  var added: [String]
  /// The keys whose values are others.
  var changed: [String]
  /// The keys that are gone.
  var removed: [String]
  /// How many entries are as they were.
  var kept: Int
  /// The size of the header, its length and padding included.
  var headerBytes: Int
  /// How much of it is padding, which later edits may fill.
  var spareBytes: Int
  /// How many bytes were written.
  var writtenBytes: Int
  /// What else there is to say.
  var notes: [String]

  init(_ path: String, before: HeaderText, after: HeaderText, outcome: MetadataEdit.Outcome, notes: [String]) {
    file = path
    output = outcome.path
    way = outcome.way.rawValue
    let (old, new) = (Set(before.names), Set(after.names))
    added = new.subtracting(old).sorted()
    removed = old.subtracting(new).sorted()
    let common = old.intersection(new)
    changed = common.filter { before[$0] != after[$0] }.sorted()
    kept = common.count - changed.count
    headerBytes = outcome.headerSize
    spareBytes = outcome.spare
    writtenBytes = outcome.written
    self.notes = notes
  }
}
