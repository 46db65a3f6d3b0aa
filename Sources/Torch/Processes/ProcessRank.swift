/// Which of the processes of a run this one is, and where they meet.
public struct ProcessRank: Sendable, Hashable {
  /// From 0 to `count - 1`.
  public let rank: Int
  /// The processes of the run, on all machines.
  public let count: Int
  /// The place among the processes of this machine, from 0: which of its CUDA devices to take.
  public let localRank: Int
  /// The machine of rank 0, a name or an address.
  public let masterAddress: String
  /// The port before the one that rank 0 listens on: `torchrun` keeps this one for itself.
  public let masterPort: Int

  /// Makes a rank.
  /// - Throws: ``TorchError`` of kind ``TorchError/Kind/processes`` for numbers outside their ranges.
  public init(
    rank: Int, count: Int, localRank: Int, masterAddress: String, masterPort: Int
  ) throws(TorchError) {
    guard (1...65536).contains(count) else {
      throw TorchError(.processes, "WORLD_SIZE is \(count): a run has from 1 to 65536 processes")
    }
    guard (0..<count).contains(rank) else {
      throw TorchError(
        .processes, "RANK is \(rank): with a WORLD_SIZE of \(count), ranks go from 0 to \(count - 1)")
    }
    guard (0..<count).contains(localRank) else {
      throw TorchError(
        .processes, "LOCAL_RANK is \(localRank): with a WORLD_SIZE of \(count), it goes from 0 to \(count - 1)")
    }
    guard !masterAddress.isEmpty else {
      throw TorchError(.processes, "MASTER_ADDR is empty: name the machine of rank 0, such as 127.0.0.1")
    }
    guard (1...65534).contains(masterPort) else {
      throw TorchError(
        .processes, "MASTER_PORT is \(masterPort): take one from 1 to 65534, because the one after it is used too")
    }
    self.rank = rank
    self.count = count
    self.localRank = localRank
    self.masterAddress = masterAddress
    self.masterPort = masterPort
  }

  /// Reads what `torchrun` and other launchers set: `WORLD_SIZE`, `RANK`, `LOCAL_RANK`, `MASTER_ADDR`, `MASTER_PORT`.
  ///
  /// `nil` when there is no `WORLD_SIZE`, or one of 1: the process is alone.
  /// - Parameter environment: the value of a variable, or `nil`; empty ones count as absent.
  /// - Throws: ``TorchError`` of kind ``TorchError/Kind/processes`` when a variable is missing or makes no sense.
  public init?(environment: (String) -> String?) throws(TorchError) {
    func text(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
    func required(_ name: String, _ size: String) throws(TorchError) -> String {
      guard let value = text(name) else {
        throw TorchError(
          .processes,
          "WORLD_SIZE is \(size) but \(name) is not set: start with torchrun, with --processes, or set all of RANK, "
            + "WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT")
      }
      return value
    }
    func number(_ name: String, _ value: String) throws(TorchError) -> Int {
      guard let number = Int(value) else {
        throw TorchError(.processes, "\(name) is \"\(value)\", which is no whole number")
      }
      return number
    }
    guard let size = text("WORLD_SIZE") else { return nil }
    let count = try number("WORLD_SIZE", size)
    if count == 1 { return nil }
    try self.init(
      rank: number("RANK", required("RANK", size)), count: count,
      localRank: number("LOCAL_RANK", required("LOCAL_RANK", size)),
      masterAddress: required("MASTER_ADDR", size), masterPort: number("MASTER_PORT", required("MASTER_PORT", size)))
  }
}
