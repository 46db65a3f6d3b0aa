import CKernels

/// Process-wide settings of the memory allocator.
public enum WorkingMemory {
  /// Keeps freed buffers for the next layer.
  ///
  /// By default glibc returns a freed buffer of some hundred kilobytes to the system, which clears each of its pages
  /// when the next layer asks for it again; over the thousand layers of an SDXL LoRA that is a third of a merge. For
  /// programs at their start, not for libraries. The corresponding C function is `mallopt`.
  public static func keepFreed() { ck_keep_freed_memory() }
}
